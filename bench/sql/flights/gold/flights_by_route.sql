/*---
description: Flights and delays per route and month.
partitionedBy: [year, month]
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: month, logicalType: integer, primaryKey: true }
  - { name: origin, logicalType: string, primaryKey: true }
  - { name: destination, logicalType: string, primaryKey: true }
  - { name: rows, logicalType: integer, required: true }
  - { name: minutes_late, logicalType: integer, required: true, description: Sum over all flights. }
  - { name: worst_delay, logicalType: integer, required: true, description: Minutes. }
---*/

select
    year,
    month,
    origin,
    destination,
    count(*) as rows,
    sum(delay) as minutes_late,
    max(delay) as worst_delay
from silver.flights
group by year, month, origin, destination
