-- Grain: one version of one contact's place on a deal: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'deal_contacts')) }}
)

select
    -- ids
    row_id,
    deal_id,
    'standard:contact:' || contact_id as source_record_id,
    -- text
    replace(lower(role), ' ', '_') as deal_role,
    -- yes/no
    coalesce(is_removed, false) as is_removed,
    -- moments
    occurred_at,
    known_at
from delivered
