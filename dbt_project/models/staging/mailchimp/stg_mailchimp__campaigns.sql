-- Grain: one version of one newsletter: row_id.
with

delivered as (
    {{ first_delivery(source('mailchimp', 'campaign')) }}
)

select
    -- ids
    row_id,
    id as campaign_id,
    list_id,
    -- text
    title,
    subject_line,
    lower(status) as campaign_status,
    -- moments
    send_time as sent_at,
    occurred_at,
    known_at
from delivered
