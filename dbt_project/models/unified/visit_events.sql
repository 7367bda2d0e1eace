-- Grain: one visit, on the web or in a shop, or one product looked at: event_key.
{{ config(materialized='view') }}

with

first_events as (
    select
        web_event_id,
        row_number() over (
            partition by session_key
            order by known_at asc, occurred_at asc, web_event_id asc
        ) as event_order
    from {{ ref('web_events') }}
    where source_system = 'standard'
),

web_visits as (
    -- A visit is one event, so that what comes later changes nothing that was known: the beginning as the tool names
    -- it, and in our own layout, which names none, the first event that came to be known.
    select
        'web_visit|' || web_events.web_event_id as event_key,
        web_events.source_record_id,
        web_events.session_key as subject_id,
        'web_visit' as event_type,
        web_events.source_system,
        'web' as channel,
        web_events.occurred_at,
        web_events.known_at
    from {{ ref('web_events') }} as web_events
    left join first_events
        on
            web_events.web_event_id = first_events.web_event_id
            and first_events.event_order = 1
    where
        web_events.event_name = 'session_start' and web_events.source_system = 'ga4'
        or first_events.web_event_id is not null
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

check_ins as (
    select
        'checked_in|' || row_id as event_key,
        source_record_id,
        place as subject_id,
        'checked_in' as event_type,
        'standard' as source_system,
        'store' as channel,
        occurred_at,
        known_at
    from {{ ref('stg_standard__visits') }}
),

events as (
    select * from web_visits
    union all
    select * from product_views
    union all
    select * from check_ins
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
