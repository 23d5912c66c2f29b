-- Sign-ups as people expect to read them, without the shop's own test accounts.

with accepted_rows as (

    select * from accepted

),

tidied as (

    select
        _row,
        id,
        -- Names are pasted from elsewhere: line breaks and runs of blanks come with them.
        trim(regexp_replace(name, '\s+', ' ', 'g')) as name,
        -- Mail systems do not tell case apart, and joins on the address should not either.
        lower(trim(email)) as email,
        signup_date,
        status
    from accepted_rows

),

final as (

    select *
    from tidied
    -- The shop's staff try out the form with these addresses; they are no customers.
    where not starts_with(email, 'qa+')

)

select * from final
