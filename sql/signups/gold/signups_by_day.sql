/*---
description: Sign-ups per day and status, with a running total per status.
columns:
  - { name: signup_date, logicalType: date, primaryKey: true }
  - { name: status, logicalType: string, primaryKey: true }
  - { name: signups, logicalType: integer, required: true, description: Sign-ups of that day. }
  - { name: running_total, logicalType: integer, required: true, description: Sign-ups up to and including that day. }
---*/
-- Not partitioned: a running total depends on all earlier days, in any year.

with signups as (

    select * from silver.signups

),

daily as (

    select
        signup_date,
        status,
        count(*) as signups
    from signups
    group by signup_date, status

),

final as (

    select
        signup_date,
        status,
        signups,
        sum(signups) over (partition by status order by signup_date)::bigint as running_total
    from daily

)

select * from final
order by signup_date, status
