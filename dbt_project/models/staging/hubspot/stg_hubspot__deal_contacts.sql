-- Grain: one link of a deal to a contact: row_id.
with

delivered as (
    {{ first_delivery(source('hubspot', 'deal_contact')) }}
)

select
    -- ids
    row_id,
    deal_id,
    'hubspot:contact:' || contact_id as source_record_id,
    -- moments
    occurred_at,
    known_at
from delivered
