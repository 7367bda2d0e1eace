-- Grain: one thing that happened to one newsletter at one source record: newsletter_event_id.
with

sent as (
    select
        newsletter_event_id,
        source_record_id,
        campaign_id,
        source_system,
        'sent' as event_kind,
        cast(null as {{ dbt.type_string() }}) as url,
        cast(null as {{ dbt.type_string() }}) as bounce_kind,
        false as is_machine,
        occurred_at,
        known_at
    from {{ ref('newsletter_sendings') }}
),

reactions as (
    select
        newsletter_event_id,
        source_record_id,
        campaign_id,
        source_system,
        event_kind,
        url,
        cast(null as {{ dbt.type_string() }}) as bounce_kind,
        is_machine,
        occurred_at,
        known_at
    from {{ ref('judged_reactions') }}
),

bounced as (
    select
        row_id as newsletter_event_id,
        source_record_id,
        campaign_id,
        'mailchimp' as source_system,
        'bounced' as event_kind,
        cast(null as {{ dbt.type_string() }}) as url,
        bounce_kind,
        false as is_machine,
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
        cast(null as {{ dbt.type_string() }}) as url,
        cast(null as {{ dbt.type_string() }}) as bounce_kind,
        false as is_machine,
        occurred_at,
        known_at
    from {{ ref('stg_mailchimp__unsubscribes') }}
),

standard_ends as (
    select
        row_id as newsletter_event_id,
        source_record_id,
        campaign_id,
        'standard' as source_system,
        event_kind,
        cast(null as {{ dbt.type_string() }}) as url,
        cast(null as {{ dbt.type_string() }}) as bounce_kind,
        false as is_machine,
        occurred_at,
        known_at
    from {{ ref('stg_standard__newsletter_events') }}
    where event_kind in ('bounced', 'unsubscribed')
),

newsletter_events as (
    select * from sent
    union all
    select * from reactions
    union all
    select * from bounced
    union all
    select * from unsubscribed
    union all
    select * from standard_ends
)

select
    -- ids
    newsletter_event_id,
    source_record_id,
    campaign_id,
    -- text
    source_system,
    event_kind,
    url,
    bounce_kind,
    -- yes/no
    is_machine,
    -- moments
    occurred_at,
    known_at
from newsletter_events
