-- Grain: one line of the cancellation of an order in our own layout: order_line_id.
with

cancellations as (
    select
        'standard:' || order_number as order_id,
        min(known_at) as known_at
    from {{ ref('stg_standard__orders') }}
    where is_cancelled
    group by order_number
)

-- An order that was cancelled stays a purchase and gets a return beside it, as an invoice of the shop does: what was
-- known before the cancellation stays as it was.
select
    -- ids
    {{ digest_of(['sold.order_line_id', "'cancellation'"]) }} as order_line_id,
    sold.order_id || ':cancellation' as order_id,
    sold.source_record_id,
    sold.product_id,
    -- text
    sold.order_number,
    'return' as line_kind,
    -- numbers
    -sold.quantity as quantity,
    sold.unit_price,
    -- yes/no
    sold.is_standing,
    -- moments
    sold.occurred_at,
    greatest(sold.known_at, cancellations.known_at) as known_at
from {{ ref('standard_order_lines') }} as sold
inner join cancellations
    on sold.order_id = cancellations.order_id
where sold.line_kind = 'sale'
