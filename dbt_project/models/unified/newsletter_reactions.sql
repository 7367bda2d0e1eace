-- Grain: one open or click: newsletter_event_id. A machine's or a person's, before the verdict.
with

sent_moments as (
    -- Our own layout tells the sending for each reader; two sendings of one newsletter leave the later.
    select
        source_record_id,
        campaign_id,
        max(occurred_at) as sent_at,
        max(known_at) as known_at
    from {{ ref('newsletter_sendings') }}
    where source_system = 'standard'
    group by source_record_id, campaign_id
),

mailchimp_reactions as (
    -- A reaction waits until it is known when its letter was sent: before, nobody can tell a machine's from a person's.
    select
        activities.row_id as newsletter_event_id,
        activities.source_record_id,
        activities.campaign_id,
        'mailchimp' as source_system,
        case activities.action when 'open' then 'opened' else 'clicked' end as event_kind,
        activities.url,
        false as is_declared_machine,
        campaigns.sent_at,
        activities.occurred_at,
        greatest(activities.known_at, campaigns.known_at) as known_at
    from {{ ref('stg_mailchimp__activities') }} as activities
    inner join {{ ref('campaigns') }} as campaigns
        on activities.campaign_id = campaigns.campaign_id
    where
        activities.action in ('open', 'click')
        and campaigns.sent_at is not null
),

standard_reactions as (
    select
        events.row_id as newsletter_event_id,
        events.source_record_id,
        events.campaign_id,
        'standard' as source_system,
        events.event_kind,
        events.url,
        events.is_machine as is_declared_machine,
        sent_moments.sent_at,
        events.occurred_at,
        greatest(events.known_at, coalesce(sent_moments.known_at, events.known_at)) as known_at
    from {{ ref('stg_standard__newsletter_events') }} as events
    left join sent_moments
        on
            events.source_record_id = sent_moments.source_record_id
            and events.campaign_id = sent_moments.campaign_id
    where events.event_kind in ('opened', 'clicked')
),

reactions as (
    select * from mailchimp_reactions
    union all
    select * from standard_reactions
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
    -- yes/no
    is_declared_machine,
    -- moments
    sent_at,
    occurred_at,
    known_at
from reactions
