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

refusals as (
    select
        newsletter_event_id,
        source_record_id,
        campaign_id,
        source_system,
        event_kind,
        cast(null as {{ dbt.type_string() }}) as url,
        bounce_kind,
        false as is_machine,
        occurred_at,
        known_at
    from {{ ref('newsletter_refusals') }}
),

newsletter_events as (
    select * from sent
    union all
    select * from reactions
    union all
    select * from refusals
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
