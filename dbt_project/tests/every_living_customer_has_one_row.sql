-- A returned row is a customer missing from customer_360, or a row there of nobody.
select
    customers.customer_id as customer_of_identity,
    customer_360.customer_id as customer_of_360
from {{ ref('customers') }} as customers
full outer join {{ ref('customer_360') }} as customer_360
    on customers.customer_id = customer_360.customer_id
where
    customers.customer_id is null
    or customer_360.customer_id is null
