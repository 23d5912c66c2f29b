/*---
description: Rows and amounts per day.
partitionedBy: [year]
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: day, logicalType: date, primaryKey: true }
  - { name: rows, logicalType: integer, required: true }
  - { name: total, physicalType: "DECIMAL(38,2)", required: true }
  - { name: largest, physicalType: "DECIMAL(18,2)", required: true }
---*/

select
    year,
    day,
    count(*) as rows,
    sum(amount) as total,
    max(amount) as largest
from silver.narrow
group by year, day
