/*---
description: Flights and delays per route and month.
partitionedBy: [year, month]
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: month, logicalType: integer, primaryKey: true }
  - { name: origin, logicalType: string, primaryKey: true }
  - { name: destination, logicalType: string, primaryKey: true }
  - { name: origin_city, logicalType: string }
  - { name: destination_city, logicalType: string }
  - { name: flights, logicalType: integer, required: true }
  - { name: miles, logicalType: integer, required: true, description: Distance of one flight. }
  - { name: avg_delay, logicalType: number, required: true, description: Minutes. }
  - { name: late_share, logicalType: number, required: true, description: Share of flights 15 minutes late or more. }
---*/

with flights as (

    select * from silver.flights

),

final as (

    select
        year,
        month,
        origin,
        destination,
        min(origin_city) as origin_city,
        min(destination_city) as destination_city,
        count(*) as flights,
        min(distance)::bigint as miles,
        round(avg(delay), 2) as avg_delay,
        -- The Bureau of Transportation Statistics calls a flight late from 15 minutes on.
        round(count(*) filter (where delay >= 15) / count(*), 4) as late_share
    from flights
    group by year, month, origin, destination

)

select * from final
order by year, month, origin, destination
