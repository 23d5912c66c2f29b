-- Sign-ups with tidy names and addresses, without the shop's own test accounts.

with accepted_rows as (

    select * from accepted

),

tidied as (

    select
        _row,
        id,
        -- Pasted names contain line breaks and runs of blanks.
        trim(regexp_replace(name, '\s+', ' ', 'g')) as name,
        -- Mail systems ignore case, and joins on the address should too.
        lower(trim(email)) as email,
        signup_date,
        status
    from accepted_rows

),

final as (

    select *
    from tidied
    -- The shop's staff test the form with these addresses; they are not customers.
    where not starts_with(email, 'qa+')

)

select * from final
