-- Grain: one event on the web: web_event_id.
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

standard_visits as (
    select
        session_key,
        min(contact_record_id) as contact_record_id
    from {{ ref('stg_standard__web_events') }}
    group by session_key
    having count(distinct contact_record_id) = 1
),

standard_visitors as (
    -- A visit in which one visitor made themselves known is the contact's from its beginning. Where two did, one after
    -- the other at one machine, only their own events are theirs.
    select
        events.*,
        coalesce(
            events.contact_record_id,
            standard_visits.contact_record_id,
            events.cookie_record_id
        ) as source_record_id
    from {{ ref('stg_standard__web_events') }} as events
    left join standard_visits
        on events.session_key = standard_visits.session_key
),

standard_events as (
    select
        row_id as web_event_id,
        source_record_id,
        source_record_id || '|' || session_key as session_key,
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
    from standard_visitors
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
