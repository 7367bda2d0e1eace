-- Grain: one link of a ticket to a contact: row_id.
with

delivered as (
    {{ first_delivery(source('hubspot', 'ticket_contact')) }}
)

select
    -- ids
    row_id,
    ticket_id,
    'hubspot:contact:' || contact_id as source_record_id,
    -- moments
    occurred_at,
    known_at
from delivered
