-- Grain: one customer and one product they ever bought: (customer_id, product_id). As known by the moment asked about.
with

lines as (
    select
        source_record_id,
        source_system || ':' || product_id as product_id,
        order_id,
        line_kind,
        quantity,
        line_amount,
        occurred_at
    from {{ ref('order_lines') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
        and line_kind in ('sale', 'return')
        and product_id not in ({{ "'" ~ var('not_products') | join("', '") ~ "'" }})
),

customer_records as (
    select
        source_record_id,
        customer_id
    from {{ ref('customer_records') }}
),

pieces as (
    -- A line that a better version of the order took back was never bought: its pieces add up to nothing.
    select
        customer_records.customer_id,
        lines.product_id,
        lines.order_id,
        lines.line_kind,
        sum(lines.quantity) as quantity,
        sum(lines.line_amount) as amount,
        min(lines.occurred_at) as occurred_at
    from lines
    inner join customer_records
        on lines.source_record_id = customer_records.source_record_id
    group by customer_records.customer_id, lines.product_id, lines.order_id, lines.line_kind
    having sum(lines.quantity) <> 0
),

bought as (
    select
        customer_id,
        product_id,
        count(case when line_kind = 'sale' then 1 end) as count_orders,
        sum(case when line_kind = 'sale' then quantity else 0 end) as quantity,
        sum(case when line_kind = 'return' then abs(quantity) else 0 end) as returned_quantity,
        sum(case when line_kind = 'sale' then amount else 0 end) as purchase_amount,
        min(case when line_kind = 'sale' then occurred_at end) as first_bought_at,
        max(case when line_kind = 'sale' then occurred_at end) as last_bought_at
    from pieces
    group by customer_id, product_id
)

select
    -- ids
    customer_id,
    product_id,
    -- numbers
    count_orders,
    cast(quantity as decimal(18, 4)) as quantity,
    cast(returned_quantity as decimal(18, 4)) as returned_quantity,
    cast(purchase_amount as decimal(18, 4)) as purchase_amount,
    -- moments
    first_bought_at,
    last_bought_at
from bought
where count_orders > 0
