-- Grain: one event of one customer, known by the moment asked about: event_id.
-- A view: one more day changes whose old events are, and to write them all costs as much as to read them ten times.
{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('events') }}
),

customer_records as (
    select
        source_record_id,
        customer_id
    from {{ ref('customer_records') }}
)

select
    -- ids
    events.event_id,
    customer_records.customer_id,
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
inner join customer_records
    on events.source_record_id = customer_records.source_record_id
where
    events.known_at <= {{ as_of() }}
    and events.occurred_at <= {{ as_of() }}
