-- Grain: one line of the cancellation of an order in our own layout: order_line_id.
-- An order that was cancelled stays a purchase and gets a return beside it, as an invoice of the shop does: what was known
-- before the cancellation stays as it was.
select
    -- ids
    {{ digest_of(['order_line_id', "'cancellation'"]) }} as order_line_id,
    order_id || ':cancellation' as order_id,
    source_record_id,
    product_id,
    -- text
    order_number,
    'return' as line_kind,
    currency,
    -- numbers
    -quantity as quantity,
    unit_price,
    -- moments
    occurred_at,
    greatest(known_at, cancellation_known_at) as known_at
from {{ ref('standard_order_lines') }}
where
    line_kind = 'sale'
    and cancellation_known_at is not null
