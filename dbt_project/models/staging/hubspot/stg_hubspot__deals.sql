-- Grain: one version of one deal: row_id.
with

delivered as (
    {{ first_delivery(source('hubspot', 'deal')) }}
)

select
    -- ids
    row_id,
    deal_id,
    -- text
    lower(deal_pipeline_stage_id) as deal_stage,
    -- numbers
    property_amount as amount,
    -- yes/no
    coalesce(is_deleted, false) as is_deleted,
    -- moments
    occurred_at,
    known_at
from delivered
