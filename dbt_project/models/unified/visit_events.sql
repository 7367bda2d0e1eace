-- Grain: one visit on the web or one product looked at: event_key.
{{ config(materialized='view') }}

with

web_visits as (
    -- A visit is known from its first event on, however long it lasts.
    select
        'web_visit|' || session_id as event_key,
        source_record_id,
        session_id as subject_id,
        'web_visit' as event_type,
        source_system,
        'web' as channel,
        occurred_at,
        first_known_at as known_at
    from {{ ref('web_sessions') }}
),

product_views as (
    select
        'product_view|' || web_event_id as event_key,
        source_record_id,
        product_id as subject_id,
        'product_view' as event_type,
        source_system,
        'web' as channel,
        occurred_at,
        known_at
    from {{ ref('web_events') }}
    where event_name in ('view_item', 'product_view')
),

events as (
    select * from web_visits
    union all
    select * from product_views
)

select
    -- ids
    event_key,
    source_record_id,
    subject_id,
    -- text
    event_type,
    source_system,
    channel,
    -- moments
    occurred_at,
    known_at
from events
