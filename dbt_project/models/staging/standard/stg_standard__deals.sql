-- Grain: one version of one deal: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'deals')) }}
)

select
    -- ids
    row_id,
    deal_id,
    company_id,
    -- text
    lower(stage) as deal_stage,
    -- numbers
    amount,
    -- yes/no
    coalesce(is_deleted, false) as is_deleted,
    -- moments
    occurred_at,
    known_at
from delivered
