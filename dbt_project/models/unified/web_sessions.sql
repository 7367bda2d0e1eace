-- Grain: one visit of one browser or known visitor: session_id.
select
    -- ids
    session_key as session_id,
    source_record_id,
    -- text
    source_system,
    -- numbers
    count(*) as count_events,
    count(case when event_name in ('view_item', 'product_view') then 1 end) as count_product_views,
    -- yes/no
    {{ dbt.bool_or("event_name = 'purchase'") }} as has_purchase,
    -- moments
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    min(occurred_at) as occurred_at,
    max(known_at) as known_at
from {{ ref('web_events') }}
group by session_key, source_record_id, source_system
