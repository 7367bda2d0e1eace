-- Grain: one open, click or bounce: row_id.
with

delivered as (
    {{ first_delivery(source('mailchimp', 'campaign_recipient_activity')) }}
)

select
    -- ids
    row_id,
    campaign_id,
    'mailchimp:member:' || member_id as source_record_id,
    -- text
    lower(action) as action,
    {{ url_without_query('url') }} as url,
    bounce_type as bounce_kind,
    -- moments
    occurred_at,
    known_at
from delivered
