-- Grain: one version of one order line: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'order_lines')) }}
)

select
    -- ids
    row_id,
    order_id as order_number,
    line,
    product_id,
    -- numbers
    quantity,
    unit_price,
    -- moments
    occurred_at,
    known_at
from delivered
