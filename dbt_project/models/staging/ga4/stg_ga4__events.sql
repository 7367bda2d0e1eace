-- Grain: one web event: row_id.
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='ignore',
    pre_hook={'sql': "{{ forget_stale('ga4', 'events') }}", 'transaction': false}
) }}
-- noqa: disable=RF03
-- The parameter inside the search of a list is no table.
with

delivered as (
    {{ first_delivery_of_new(source('ga4', 'events')) }}
)

select
    -- ids
    row_id,
    'ga4:cookie:' || user_pseudo_id as source_record_id,
    -- An event without a session's number belongs to the visitor's visit of that day.
    'ga4:' || user_pseudo_id || ':' || coalesce(
        {{ ga4_parameter('event_params', 'ga_session_id', 'int_value') }},
        cast(cast(occurred_at as date) as {{ dbt.type_string() }})
    ) as session_key,
    {{ json_text('ecommerce', '$.transaction_id') }} as order_number,
    {{ json_text('items', '$[0].item_id') }} as product_id,
    -- text
    user_id as login_customer_number,
    event_name,
    {{ url_path(ga4_parameter('event_params', 'page_location', 'string_value')) }} as page_path,
    {{ ga4_parameter('event_params', 'source', 'string_value') }} as traffic_source,
    {{ ga4_parameter('event_params', 'medium', 'string_value') }} as traffic_medium,
    file_id,
    '{{ var("made_by") }}' as made_by,
    -- moments
    occurred_at,
    known_at
from delivered
