-- Grain: one line of an order in our own layout, or the line that takes it back: order_line_id.
with

versions as (
    select
        *,
        min(known_at) over (
            partition by order_number, line
            order by occurred_at desc, row_id desc
            rows between unbounded preceding and 1 preceding
        ) as superseded_at
    from {{ ref('stg_standard__order_lines') }}
),

owned as (
    select
        versions.row_id,
        versions.order_number,
        versions.product_id,
        versions.quantity,
        versions.unit_price,
        owners.source_record_id,
        case
            when versions.quantity > 0 and versions.unit_price > 0 then 'sale'
            when versions.quantity < 0 and versions.unit_price > 0 then 'return'
            else 'other'
        end as line_kind,
        versions.occurred_at,
        greatest(versions.known_at, coalesce(owners.known_at, versions.known_at)) as known_at,
        least(
            coalesce(versions.superseded_at, owners.superseded_at),
            coalesce(owners.superseded_at, versions.superseded_at)
        ) as superseded_at
    from versions
    left join {{ ref('order_owners') }} as owners
        on versions.order_number = owners.order_number
),

lines as (
    select
        *,
        false as is_taking_back
    from owned
    where
        superseded_at is null
        or known_at < superseded_at
    union all
    -- What a better version of the line or of its owner replaced is taken back when that version came to be known.
    select
        row_id,
        order_number,
        product_id,
        -quantity as quantity,
        unit_price,
        source_record_id,
        line_kind,
        occurred_at,
        superseded_at as known_at,
        superseded_at,
        true as is_taking_back
    from owned
    where known_at < superseded_at
)

select
    -- ids
    {{ digest_of(['row_id', 'source_record_id', 'is_taking_back', 'known_at']) }} as order_line_id,
    'standard:' || order_number as order_id,
    source_record_id,
    product_id,
    -- text
    order_number,
    line_kind,
    -- numbers
    quantity,
    unit_price,
    -- yes/no
    superseded_at is null as is_standing,
    -- moments
    occurred_at,
    known_at
from lines
