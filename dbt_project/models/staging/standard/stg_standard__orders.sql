-- Grain: one version of one order: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'orders')) }}
)

select
    -- ids
    row_id,
    order_id as order_number,
    coalesce('standard:contact:' || contact_id, 'standard:customer:' || customer_number) as source_record_id,
    -- text
    customer_number,
    currency,
    -- yes/no
    coalesce(is_cancelled, false) as is_cancelled,
    -- moments
    occurred_at,
    known_at
from delivered
