-- Grain: one newsletter event: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'newsletter_events')) }}
)

select
    -- ids
    row_id,
    'standard:contact:' || contact_id as source_record_id,
    campaign_id,
    hoiva_contact_id as contact_id,
    -- text
    lower(event_kind) as event_kind,
    {{ url_without_query('url') }} as url,
    -- yes/no
    coalesce(is_machine, false) as is_machine,
    -- moments
    occurred_at,
    known_at
from delivered
