-- Grain: one order or cancellation: order_id, over all lines that stand.
with

standing_lines as (
    select
        *,
        case when line_kind = 'sale' then line_amount else 0 end as sold_amount,
        case when line_kind = 'return' then -line_amount else 0 end as returned_amount
    from {{ ref('order_lines') }}
    where is_standing
)

select
    -- ids
    order_id,
    min(source_record_id) as source_record_id,
    -- text
    source_system,
    order_number,
    order_number as transaction_number,
    min(country) as country,
    -- numbers
    count(*) as count_lines,
    count(case when line_kind = 'sale' then 1 end) as count_sold_lines,
    count(case when line_kind = 'return' then 1 end) as count_returned_lines,
    cast(sum(sold_amount) as decimal(18, 4)) as purchase_amount,
    cast(sum(returned_amount) as decimal(18, 4)) as return_amount,
    -- yes/no
    {{ dbt.bool_or('is_cancellation') }} as is_cancellation,
    -- moments
    min(occurred_at) as occurred_at,
    max(known_at) as known_at
from standing_lines
group by order_id, source_system, order_number
