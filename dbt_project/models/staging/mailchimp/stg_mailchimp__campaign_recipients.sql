-- Grain: one newsletter sent to one member: row_id.
with

delivered as (
    {{ first_delivery(source('mailchimp', 'campaign_recipient')) }}
)

select
    -- ids
    row_id,
    campaign_id,
    'mailchimp:member:' || member_id as source_record_id,
    -- moments
    occurred_at,
    known_at
from delivered
