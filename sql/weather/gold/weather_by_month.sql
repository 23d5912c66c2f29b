/*---
description: Rain and temperatures of Seattle per month.
partitionedBy: [year]
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: month, logicalType: integer, primaryKey: true }
  - { name: days, logicalType: integer, required: true, description: Days with an observation. }
  - { name: wet_days, logicalType: integer, required: true, description: Days with any precipitation. }
  - { name: precipitation_mm, logicalType: number, physicalType: "DECIMAL(38,1)", required: true }
  - { name: temp_max, logicalType: number, physicalType: "DECIMAL(4,1)", required: true, description: Highest of the month. }
  - { name: temp_min, logicalType: number, physicalType: "DECIMAL(4,1)", required: true, description: Lowest of the month. }
  - { name: avg_temp_max, logicalType: number, required: true, description: Average of the daily highs. }
---*/

with weather as (

    select * from silver.weather

),

final as (

    select
        year,
        month(date) as month,
        count(*) as days,
        count(*) filter (where precipitation > 0) as wet_days,
        sum(precipitation) as precipitation_mm,
        max(temp_max) as temp_max,
        min(temp_min) as temp_min,
        round(avg(temp_max), 2) as avg_temp_max
    from weather
    group by year, month(date)

)

select * from final
order by year, month
