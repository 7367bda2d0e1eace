-- Grain: one person who came into a shop: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'visits')) }}
)

select
    -- ids
    row_id,
    visit_id,
    'standard:contact:' || contact_id as source_record_id,
    -- text
    place,
    -- moments
    occurred_at,
    known_at
from delivered
