/*---
description: Rows and amounts per country and status.
partitionedBy: [year]
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: country, logicalType: string, primaryKey: true }
  - { name: status, logicalType: string, primaryKey: true }
  - { name: rows, logicalType: integer, required: true }
  - { name: total, physicalType: "DECIMAL(38,2)", required: true }
  - { name: counted, logicalType: integer, required: true }
  - { name: lowest, logicalType: number, required: true }
  - { name: last_seen, logicalType: timestamp, required: true }
---*/

select
    year,
    country,
    status,
    count(*) as rows,
    sum(amount_1) as total,
    sum(count_1) as counted,
    min(measure_1) as lowest,
    max(seen_at_1) as last_seen
from silver.wide
group by year, country, status
