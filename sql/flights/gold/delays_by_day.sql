/*---
description: Flights and delays of the whole network per day.
partitionedBy: [year, month]
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: month, logicalType: integer, primaryKey: true }
  - { name: date, logicalType: date, primaryKey: true }
  - { name: flights, logicalType: integer, required: true }
  - { name: late_flights, logicalType: integer, required: true, description: 15 minutes late or more. }
  - { name: avg_delay, logicalType: number, required: true, description: Minutes. }
  - { name: worst_delay, logicalType: integer, required: true, description: Minutes. }
---*/

with flights as (

    select * from silver.flights

),

final as (

    select
        year,
        month,
        departed_at::date as date,
        count(*) as flights,
        count(*) filter (where delay >= 15) as late_flights,
        round(avg(delay), 2) as avg_delay,
        max(delay)::bigint as worst_delay
    from flights
    group by year, month, departed_at::date

)

select * from final
order by date
