-- Grain: one web event: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'web_events')) }}
)

select
    -- ids
    row_id,
    'standard:cookie:' || visitor_id as cookie_record_id,
    'standard:contact:' || contact_id as contact_record_id,
    -- An event without a session belongs to the visitor's visit of that day.
    'standard:' || visitor_id || ':' || coalesce(
        session_id,
        cast(cast(occurred_at as date) as {{ dbt.type_string() }})
    ) as session_key,
    product_id,
    -- text
    lower(event_name) as event_name,
    {{ url_without_query('page_path') }} as page_path,
    -- moments
    occurred_at,
    known_at
from delivered
