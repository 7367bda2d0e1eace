-- Grain: one event: event_id. The one timeline that features, triggers and reports read.
{%- set no_text = 'cast(null as ' ~ dbt.type_string() ~ ')' %}
{%- set no_amount = 'cast(null as decimal(18, 4))' %}
with

{% for event_type, amount, lines in [
    ('purchase', 'purchase_amount', 'count_sold_lines'), ('return', 'return_amount', 'count_returned_lines'),
] %}
{{ event_type }}s as (
    select
        '{{ event_type }}|' || order_id as event_key,
        source_record_id,
        order_id as subject_id,
        '{{ event_type }}' as event_type,
        source_system,
        {{ no_text }} as channel,
        {{ amount }} as amount,
        occurred_at,
        known_at
    from {{ ref('orders') }}
    where {{ lines }} > 0
),

{% endfor %}
web_visits as (
    -- A visit is known from its first event on, however long it lasts.
    select
        'web_visit|' || session_id as event_key,
        source_record_id,
        session_id as subject_id,
        'web_visit' as event_type,
        source_system,
        'web' as channel,
        {{ no_amount }} as amount,
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
        {{ no_amount }} as amount,
        occurred_at,
        known_at
    from {{ ref('web_events') }}
    where event_name in ('view_item', 'product_view')
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

record_events as (
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
    from {{ ref('record_events') }}
),

events as (
    select * from purchases
    union all
    select * from returns
    union all
    select * from web_visits
    union all
    select * from product_views
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
