-- Flights with the cities and states of their airports.
--
-- ref.airports is airports.csv: the 229 airports of these flights from the list in vega-datasets (BSD-3-Clause;
-- its data from the US Bureau of Transportation Statistics). Marquette (MQT) has "NA" for city and state in that list;
-- airports.csv has the real ones.

with flights as (

    select * from accepted

),

airports as (

    select iata, city, state from ref.airports

),

final as (

    -- Left joins keep flights whose airport is not in the list yet.
    select
        flights._row,
        flights.departed_at,
        flights.delay,
        flights.distance,
        flights.origin,
        flights.destination,
        origins.city as origin_city,
        origins.state as origin_state,
        destinations.city as destination_city,
        destinations.state as destination_state
    from flights
    left join airports as origins on origins.iata = flights.origin
    left join airports as destinations on destinations.iata = flights.destination

)

select * from final
