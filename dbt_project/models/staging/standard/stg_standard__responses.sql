-- Grain: one answer to one contact of ours: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'responses')) }}
)

select
    -- ids
    row_id,
    response_id,
    hoiva_contact_id as contact_id,
    -- text
    lower(trim(response)) as response,
    -- moments
    occurred_at,
    known_at
from delivered
