-- Grain: one event: event_id. The one timeline that features, triggers and reports read.
-- A view, as most events are on the web and stand in one table already; who reads no ids pays for none.
{{ config(materialized='view') }}
{%- set no_amount = 'cast(null as decimal(18, 4))' %}
with

purchase_events as (
    select
        event_key,
        source_record_id,
        subject_id,
        event_type,
        source_system,
        channel,
        amount,
        occurred_at,
        known_at
    from {{ ref('purchase_events') }}
),

newsletter_events as (
    select
        'newsletter|' || newsletter_event_id as event_key,
        source_record_id,
        campaign_id as subject_id,
        'newsletter_' || case when is_machine then 'machine_' else '' end || event_kind as event_type,
        source_system,
        'email' as channel,
        {{ no_amount }} as amount,
        occurred_at,
        known_at
    from {{ ref('newsletter_events') }}
),

{% for told in ['visit_events', 'record_events'] %}
{{ told }} as (
    select
        event_key,
        source_record_id,
        subject_id,
        event_type,
        source_system,
        channel,
        {{ no_amount }} as amount,
        occurred_at,
        known_at
    from {{ ref(told) }}
),

{% endfor %}
events as (
    select * from purchase_events
    union all
    select * from visit_events
    union all
    select * from newsletter_events
    union all
    select * from record_events
)

select
    -- ids
    {{ dbt.hash('event_key') }} as event_id,
    source_record_id,
    subject_id,
    -- text
    event_type,
    source_system,
    channel,
    -- numbers
    amount,
    -- moments
    occurred_at,
    known_at
from events
