-- Grain: one source record of a customer: source_record_id. The one way from what a record did to the customer.
with

clusters as (
    select * from {{ ref('clusters') }}
),

source_records as (
    select * from {{ ref('source_records') }}
),

customers as (
    select customer_id from {{ ref('customers') }}
)

select
    -- ids
    clusters.source_record_id,
    customers.customer_id,
    -- yes/no
    source_records.is_cookie,
    source_records.is_deleted,
    -- moments
    source_records.first_seen_at,
    source_records.first_known_at
from clusters
inner join source_records
    on clusters.source_record_id = source_records.source_record_id
inner join customers
    on clusters.customer_id = customers.customer_id
