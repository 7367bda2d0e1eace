-- Grain: one event on the web: web_event_id.
-- A view, as it only lays two tables end to end: to write them again costs more than to read them.
{{ config(materialized='view') }}

with

ga4_events as (
    select
        row_id as web_event_id,
        source_record_id,
        session_key,
        product_id,
        order_number,
        'ga4' as source_system,
        event_name,
        login_customer_number,
        page_path,
        traffic_source,
        traffic_medium,
        occurred_at,
        known_at
    from {{ ref('stg_ga4__events') }}
),

standard_events as (
    -- An event is the contact's when its own row says so: what the visitor does later must not change what was known.
    select
        row_id as web_event_id,
        coalesce(contact_record_id, cookie_record_id) as source_record_id,
        coalesce(contact_record_id, cookie_record_id) || '|' || session_key as session_key,
        product_id,
        cast(null as {{ dbt.type_string() }}) as order_number,
        'standard' as source_system,
        event_name,
        cast(null as {{ dbt.type_string() }}) as login_customer_number,
        page_path,
        cast(null as {{ dbt.type_string() }}) as traffic_source,
        cast(null as {{ dbt.type_string() }}) as traffic_medium,
        occurred_at,
        known_at
    from {{ ref('stg_standard__web_events') }}
),

web_events as (
    select * from ga4_events
    union all
    select * from standard_events
)

select
    -- ids
    web_event_id,
    source_record_id,
    session_key,
    product_id,
    order_number,
    -- text
    source_system,
    event_name,
    login_customer_number,
    page_path,
    traffic_source,
    traffic_medium,
    -- moments
    occurred_at,
    known_at
from web_events
