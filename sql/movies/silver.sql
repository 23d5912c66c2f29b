-- Films with readable titles and plausible dates. The contract's comments list the source's faults.

with accepted_rows as (

    select * from accepted

),

ratings as (

    select rating, meaning from ref.mpaa_ratings

),

repaired as (

    select
        * exclude (title, release_date),
        -- Each pair: a Latin-1 byte shown in Mac Roman, and the character that the byte meant.
        translate(title, 'ÈÍ˘ΩÛ‰‡Î·ÙËÖ', 'éêù½óäàëáôè…') as accented,
        -- The list was compiled in 2010 and announces films up to 2011.
        case
            when release_date >= date '2012-01-01' then (release_date - interval 100 year)::date
            else release_date
        end as release_date
    from accepted_rows

),

titled as (

    select
        * exclude (accented),
        -- Catalogues sort by "Barbarians, The"; people say "The Barbarians".
        regexp_replace(
            trim(regexp_replace(accented, '\s+', ' ', 'g')),
            '^(.+), (The|A|An|Les)$',
            '\2 \1'
        ) as title
    from repaired

),

final as (

    select
        titled.*,
        ratings.meaning as mpaa_meaning
    from titled
    left join ratings on ratings.rating = titled.mpaa_rating

)

select * exclude (_rescued) from final
