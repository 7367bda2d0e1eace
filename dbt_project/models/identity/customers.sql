-- Grain: one customer. A cluster with at least one living record that is no browser.
with

members as (
    select
        clusters.customer_id,
        source_records.source_record_id,
        source_records.first_seen_at,
        case when not source_records.is_cookie and not source_records.is_deleted then 1 else 0 end as count_living
    from {{ ref('clusters') }} as clusters
    inner join {{ ref('source_records') }} as source_records
        on clusters.source_record_id = source_records.source_record_id
),

numbers as (
    select
        clusters.customer_id,
        min(identifiers.identifier_value) as customer_number
    from {{ ref('identifiers') }} as identifiers
    inner join {{ ref('clusters') }} as clusters
        on identifiers.source_record_id = clusters.source_record_id
    where identifiers.identifier_kind = 'customer_number'
    group by clusters.customer_id
),

customers as (
    select
        customer_id,
        count(*) as count_source_records,
        min(first_seen_at) as first_seen_at
    from members
    group by customer_id
    having sum(count_living) > 0
)

select
    -- ids
    customers.customer_id,
    -- text
    numbers.customer_number,
    -- numbers
    customers.count_source_records,
    -- moments
    customers.first_seen_at
from customers
left join numbers
    on customers.customer_id = numbers.customer_id
