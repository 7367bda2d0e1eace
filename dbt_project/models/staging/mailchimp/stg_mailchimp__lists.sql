-- Grain: one version of one mailing list: row_id.
with

delivered as (
    {{ first_delivery(source('mailchimp', 'list')) }}
)

select
    -- ids
    row_id,
    id as list_id,
    -- text
    name,
    default_language as language_code,
    -- moments
    occurred_at,
    known_at
from delivered
