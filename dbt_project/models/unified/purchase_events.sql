-- Grain: what was bought or returned in one order at one moment, as it came to be known at one time: event_key.
with

parts as (
    -- The part of an order that came later must not hide the part that was known, nor change when it happened.
    select
        order_id,
        source_record_id,
        source_system,
        line_kind,
        case line_kind when 'sale' then 'purchase' else 'return' end as event_type,
        cast(sum(case line_kind when 'sale' then line_amount else -line_amount end) as decimal(18, 4)) as amount,
        occurred_at,
        known_at
    from {{ ref('order_lines') }}
    where line_kind in ('sale', 'return')
    group by order_id, source_record_id, source_system, line_kind, occurred_at, known_at
)

select
    -- ids
    {{ digest_of(['event_type', 'order_id', 'source_record_id', 'occurred_at', 'known_at']) }} as event_key,
    source_record_id,
    order_id as subject_id,
    -- text
    event_type,
    source_system,
    cast(null as {{ dbt.type_string() }}) as channel,
    -- numbers
    amount,
    -- moments
    occurred_at,
    known_at
from parts
where amount <> 0
