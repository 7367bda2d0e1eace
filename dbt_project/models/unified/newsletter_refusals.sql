-- Grain: one newsletter that bounced, or one reader leaving: newsletter_event_id.
with

bounced as (
    select
        row_id as newsletter_event_id,
        source_record_id,
        campaign_id,
        'mailchimp' as source_system,
        'bounced' as event_kind,
        bounce_kind,
        occurred_at,
        known_at
    from {{ ref('stg_mailchimp__activities') }}
    where action = 'bounce'
),

unsubscribed as (
    select
        row_id as newsletter_event_id,
        source_record_id,
        campaign_id,
        'mailchimp' as source_system,
        'unsubscribed' as event_kind,
        cast(null as {{ dbt.type_string() }}) as bounce_kind,
        occurred_at,
        known_at
    from {{ ref('stg_mailchimp__unsubscribes') }}
),

standard_refusals as (
    select
        row_id as newsletter_event_id,
        source_record_id,
        campaign_id,
        'standard' as source_system,
        event_kind,
        cast(null as {{ dbt.type_string() }}) as bounce_kind,
        occurred_at,
        known_at
    from {{ ref('stg_standard__newsletter_events') }}
    where event_kind in ('bounced', 'unsubscribed')
),

refusals as (
    select * from bounced
    union all
    select * from unsubscribed
    union all
    select * from standard_refusals
)

select
    -- ids
    newsletter_event_id,
    source_record_id,
    campaign_id,
    -- text
    source_system,
    event_kind,
    bounce_kind,
    -- moments
    occurred_at,
    known_at
from refusals
