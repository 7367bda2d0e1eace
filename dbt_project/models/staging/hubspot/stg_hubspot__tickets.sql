-- Grain: one version of one service ticket: row_id.
with

delivered as (
    {{ first_delivery(source('hubspot', 'ticket')) }}
)

select
    -- ids
    row_id,
    id as ticket_id,
    -- text
    lower(property_hs_ticket_category) as category,
    lower(property_hs_ticket_priority) as priority,
    lower(property_source_type) as contact_channel,
    -- yes/no
    coalesce(is_deleted, false) as is_deleted,
    -- moments
    property_createdate as opened_at,
    property_closed_date as closed_at,
    occurred_at,
    known_at
from delivered
