-- Grain: one link of a deal to a company: row_id.
with

delivered as (
    {{ first_delivery(source('hubspot', 'deal_company')) }}
)

select
    -- ids
    row_id,
    deal_id,
    company_id,
    -- moments
    occurred_at,
    known_at
from delivered
