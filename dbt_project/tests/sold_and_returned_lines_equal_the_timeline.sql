-- A returned row means that money was lost or doubled between the lines of orders and the timeline.
with

lines as (
    select
        case line_kind when 'sale' then 'purchase' else 'return' end as event_type,
        sum(case line_kind when 'sale' then line_amount else -line_amount end) as amount
    from {{ ref('order_lines') }}
    where line_kind in ('sale', 'return')
    group by line_kind
),

timeline as (
    select
        event_type,
        sum(amount) as amount
    from {{ ref('events') }}
    where event_type in ('purchase', 'return')
    group by event_type
)

select
    coalesce(lines.event_type, timeline.event_type) as event_type,
    lines.amount as lines_amount,
    timeline.amount as timeline_amount
from lines
full outer join timeline
    on lines.event_type = timeline.event_type
where
    lines.amount is null
    or timeline.amount is null
    or lines.amount <> timeline.amount
