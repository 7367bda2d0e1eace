-- Grain: one event of one customer, known by the moment asked about: event_id.
with

events as (
    select * from {{ ref('events') }}
),

clusters as (
    select
        source_record_id,
        customer_id
    from {{ ref('clusters') }}
),

customers as (
    select customer_id from {{ ref('customers') }}
)

select
    -- ids
    events.event_id,
    customers.customer_id,
    events.source_record_id,
    events.subject_id,
    -- text
    events.event_type,
    events.source_system,
    events.channel,
    -- numbers
    events.amount,
    -- moments
    events.occurred_at,
    events.known_at
from events
inner join clusters
    on events.source_record_id = clusters.source_record_id
inner join customers
    on clusters.customer_id = customers.customer_id
where
    events.known_at <= {{ as_of() }}
    and events.occurred_at <= {{ as_of() }}
