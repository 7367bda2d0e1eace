-- Grain: one statement of one contact: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'consents')) }}
)

select
    -- ids
    row_id,
    'standard:contact:' || contact_id as source_record_id,
    -- text
    lower(purpose) as purpose,
    lower(channel) as channel,
    text_version,
    -- yes/no
    is_given,
    -- moments
    expires_at,
    occurred_at,
    known_at
from delivered
