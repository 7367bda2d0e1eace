-- Grain: one id that a customer has, had or could have had: alias_customer_id.
with

clusters as (
    select * from {{ ref('clusters') }}
),

customers as (
    select customer_id from {{ ref('customers') }}
)

select
    clusters.record_customer_id as alias_customer_id,
    clusters.customer_id
from clusters
inner join customers
    on clusters.customer_id = customers.customer_id
