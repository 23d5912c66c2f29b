/*---
description: >
  The lake's daily numbers in one long table, one row per day, metric and set of dimensions. A dashboard can
  read it without knowing the source tables.
partitionedBy: [year]
columns:
  - { name: date_key, logicalType: date, required: true }
  - { name: metric_name, logicalType: string, required: true, description: "<dataset>.<metric>" }
  - { name: metric_value, logicalType: number, required: true }
  - { name: dimensions, physicalType: "MAP(VARCHAR, VARCHAR)", required: true }
  - { name: year, logicalType: integer, required: true }
---*/
-- A dataset without files is an empty table and adds no rows.

with weather as (

    select * from silver.weather

),

flights as (

    select * from silver.flights

),

signups as (

    select * from silver.signups

),

weather_metrics as (

    unpivot (
        select
            date as date_key,
            year,
            precipitation::double as "weather.precipitation_mm",
            temp_max::double as "weather.temp_max",
            map { 'city': 'Seattle' } as dimensions
        from weather
    )
    on "weather.precipitation_mm", "weather.temp_max"
    into name metric_name value metric_value

),

flights_by_state as (

    select
        departed_at::date as date_key,
        year,
        -- Engines read null in a map differently, therefore a text says "unknown".
        map { 'origin_state': coalesce(origin_state, 'unknown') } as dimensions,
        count(*) as flights,
        round(avg(delay), 2) as avg_delay
    from flights
    group by all

),

flight_metrics as (

    select date_key, 'flights.count' as metric_name, flights as metric_value, dimensions, year
    from flights_by_state
    union all
    select date_key, 'flights.avg_delay', avg_delay, dimensions, year
    from flights_by_state

),

signup_metrics as (

    select
        signup_date as date_key,
        'signups.count' as metric_name,
        count(*) as metric_value,
        map { 'status': status } as dimensions,
        year
    from signups
    group by all

),

final as (

    select date_key, metric_name, metric_value, dimensions, year from weather_metrics
    union all
    select date_key, metric_name, metric_value::double, dimensions, year from flight_metrics
    union all
    select date_key, metric_name, metric_value::double, dimensions, year from signup_metrics

)

select * from final
order by date_key, metric_name, dimensions::varchar
