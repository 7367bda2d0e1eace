-- Grain: one visit of one browser or known visitor: session_id.
{% set is_in_time = "known_at <= " ~ dbt.dateadd('hour', var('web_late_after_hours'), 'occurred_at') %}
{% set is_view = "event_name in ('view_item', 'product_view')" %}
with

visits as (
    select
        session_key,
        source_record_id,
        source_system,
        count(*) as count_all,
        count(case when {{ is_in_time }} then 1 end) as count_in_time,
        count(case when {{ is_view }} then 1 end) as count_views_of_all,
        count(case when {{ is_view }} and {{ is_in_time }} then 1 end) as count_views_in_time,
        count(case when event_name = 'purchase' then 1 end) as count_purchases_of_all,
        count(case when event_name = 'purchase' and {{ is_in_time }} then 1 end) as count_purchases_in_time,
        min(occurred_at) as started_of_all_at,
        min(case when {{ is_in_time }} then occurred_at end) as started_in_time_at,
        max(occurred_at) as ended_of_all_at,
        max(case when {{ is_in_time }} then occurred_at end) as ended_in_time_at,
        max(known_at) as known_of_all_at,
        max(case when {{ is_in_time }} then known_at end) as known_in_time_at
    from {{ ref('web_events') }}
    group by session_key, source_record_id, source_system
)

-- A visit that was known in time stays what it was; one that came late as a whole is what came.
select
    -- ids
    session_key as session_id,
    source_record_id,
    -- text
    source_system,
    -- numbers
    case when count_in_time > 0 then count_in_time else count_all end as count_events,
    case when count_in_time > 0 then count_all - count_in_time else 0 end as count_late_events,
    case when count_in_time > 0 then count_views_in_time else count_views_of_all end as count_product_views,
    -- yes/no
    case when count_in_time > 0 then count_purchases_in_time else count_purchases_of_all end > 0 as has_purchase,
    count_in_time = 0 as is_late,
    -- moments
    coalesce(started_in_time_at, started_of_all_at) as started_at,
    coalesce(ended_in_time_at, ended_of_all_at) as ended_at,
    coalesce(started_in_time_at, started_of_all_at) as occurred_at,
    coalesce(known_in_time_at, known_of_all_at) as known_at
from visits
