/*---
description: All sales.
columns:
  - { name: sales, logicalType: integer, required: true }
  - { name: amount, logicalType: integer, required: true }
---*/
select count(*) as sales, sum(amount) as amount from silver.sales
