/*---
description: Number, gross and ratings of films per genre.
columns:
  - { name: genre, logicalType: string, primaryKey: true, description: '"Unknown" if the source has none.' }
  - { name: films, logicalType: integer, required: true }
  - { name: us_gross, logicalType: integer, description: "Dollars, sum over films with known gross." }
  - { name: median_us_gross, logicalType: integer, description: "Dollars, of the median film." }
  - { name: avg_imdb_rating, logicalType: number }
  - { name: most_voted, logicalType: string, description: The film with the most votes at IMDB. }
---*/

with movies as (

    select * from silver.movies

),

final as (

    select
        coalesce(genre, 'Unknown') as genre,
        count(*) as films,
        sum(us_gross)::bigint as us_gross,
        quantile_disc(us_gross, 0.5) as median_us_gross,
        round(avg(imdb_rating), 2) as avg_imdb_rating,
        -- The title breaks ties: the same films always give the same result.
        first(title order by imdb_votes desc nulls last, title) as most_voted
    from movies
    group by 1

)

select * from final
order by films desc, genre
