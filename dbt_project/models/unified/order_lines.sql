-- Grain: one line of one order: order_line_id.
with

shop_lines as (
    select
        row_id as order_line_id,
        'shop:' || order_number as order_id,
        source_record_id,
        product_id,
        'shop' as source_system,
        order_number,
        country,
        case
            when order_number like '{{ var("cancellation_prefix") }}%' then 'return'
            when order_number like '{{ var("adjustment_prefix") }}%' then 'other'
            when quantity > 0 and unit_price > 0 then 'sale'
            else 'other'
        end as line_kind,
        cast(quantity as decimal(18, 4)) as quantity,
        unit_price,
        order_number like '{{ var("cancellation_prefix") }}%' as is_cancellation,
        true as is_standing,
        occurred_at,
        known_at
    from {{ ref('stg_shop__invoice_lines') }}
),

{% for told, is_cancellation in [('standard_order_lines', 'false'), ('cancelled_order_lines', 'true')] %}
{{ told }} as (
    select
        order_line_id,
        order_id,
        source_record_id,
        product_id,
        'standard' as source_system,
        order_number,
        cast(null as {{ dbt.type_string() }}) as country,
        line_kind,
        quantity,
        unit_price,
        {{ is_cancellation }} as is_cancellation,
        is_standing,
        occurred_at,
        known_at
    from {{ ref(told) }}
),

{% endfor %}
lines as (
    select * from shop_lines
    union all
    select * from standard_order_lines
    union all
    select * from cancelled_order_lines
)

select
    -- ids
    order_line_id,
    order_id,
    source_record_id,
    product_id,
    -- text
    source_system,
    order_number,
    line_kind,
    country,
    -- numbers
    cast(quantity as decimal(18, 4)) as quantity,
    cast(unit_price as decimal(18, 4)) as unit_price,
    cast(quantity * unit_price as decimal(18, 4)) as line_amount,
    -- yes/no
    is_cancellation,
    is_standing,
    -- moments
    occurred_at,
    known_at
from lines
