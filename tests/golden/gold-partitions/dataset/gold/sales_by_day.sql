/*---
description: Sales per day.
partitionedBy: [year]
columns:
  - { name: year, logicalType: integer, required: true }
  - { name: day, logicalType: date, primaryKey: true }
  - { name: amount, logicalType: integer, required: true }
---*/
select year, day, sum(amount) as amount from silver.sales group by all
