with kept as (

    select * from accepted
    where code <> 'T0'

),

aisles as (

    select code, aisle from ref.aisles

)

select kept._row, kept.code, trim(kept.name) as name, kept.grams, aisles.aisle
from kept
left join aisles on aisles.code = kept.code
