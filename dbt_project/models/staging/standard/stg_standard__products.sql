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
    -- yes/no
    in_stock as is_available,
    -- moments
    occurred_at,
    known_at
from delivered
