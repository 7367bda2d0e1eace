-- Grain: one person leaving a list: row_id.
with

delivered as (
    {{ first_delivery(source('mailchimp', 'unsubscribe')) }}
)

select
    -- ids
    row_id,
    campaign_id,
    'mailchimp:member:' || member_id as source_record_id,
    -- text
    reason,
    -- moments
    occurred_at,
    known_at
from delivered
