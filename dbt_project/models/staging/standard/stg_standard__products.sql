-- Grain: one version of one product: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'products')) }}
)

select
    -- ids
    row_id,
    product_id,
    -- text
    name,
    category,
    -- numbers
    unit_price,
    -- moments
    occurred_at,
    known_at
from delivered
