-- Grain: one version of one service ticket: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'service_contacts')) }}
)

select
    -- ids
    row_id,
    ticket_id,
    'standard:contact:' || contact_id as source_record_id,
    -- text
    lower(category) as category,
    lower(priority) as priority,
    lower(channel) as contact_channel,
    -- moments
    opened_at,
    closed_at,
    occurred_at,
    known_at
from delivered
