-- Grain: one newsletter sent to one source record: newsletter_event_id.
with

mailchimp_sendings as (
    -- Who was sent what carries no time of its own and takes the newsletter's.
    select
        recipients.row_id as newsletter_event_id,
        recipients.source_record_id,
        recipients.campaign_id,
        'mailchimp' as source_system,
        campaigns.sent_at as occurred_at,
        greatest(recipients.known_at, campaigns.known_at) as known_at
    from {{ ref('stg_mailchimp__campaign_recipients') }} as recipients
    inner join {{ ref('campaigns') }} as campaigns
        on recipients.campaign_id = campaigns.campaign_id
    where campaigns.sent_at is not null
),

standard_sendings as (
    select
        row_id as newsletter_event_id,
        source_record_id,
        campaign_id,
        'standard' as source_system,
        occurred_at,
        known_at
    from {{ ref('stg_standard__newsletter_events') }}
    where event_kind = 'sent'
),

sendings as (
    select * from mailchimp_sendings
    union all
    select * from standard_sendings
)

select
    -- ids
    newsletter_event_id,
    source_record_id,
    campaign_id,
    -- text
    source_system,
    -- moments
    occurred_at,
    known_at
from sendings
