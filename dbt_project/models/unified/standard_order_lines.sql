-- Grain: one line of an order in our own layout: order_line_id.
with

versions as (
    select
        *,
        row_number() over (
            partition by order_number, line
            order by occurred_at desc, row_id desc
        ) as version_order
    from {{ ref('stg_standard__order_lines') }}
),

lines as (
    select
        versions.row_id,
        versions.order_number,
        versions.product_id,
        versions.quantity,
        versions.unit_price,
        headers.source_record_id,
        headers.currency,
        headers.cancellation_known_at,
        versions.occurred_at,
        greatest(versions.known_at, coalesce(headers.known_at, versions.known_at)) as known_at
    from versions
    left join {{ ref('order_headers') }} as headers
        on versions.order_number = headers.order_number
    where versions.version_order = 1
),

kinds as (
    select
        *,
        case
            when quantity > 0 and unit_price > 0 then 'sale'
            when quantity < 0 and unit_price > 0 then 'return'
            else 'other'
        end as line_kind
    from lines
)

select
    -- ids
    row_id as order_line_id,
    'standard:' || order_number as order_id,
    source_record_id,
    product_id,
    -- text
    order_number,
    line_kind,
    currency,
    -- numbers
    quantity,
    unit_price,
    -- moments
    cancellation_known_at,
    occurred_at,
    known_at
from kinds
