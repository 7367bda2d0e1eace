-- A returned row is an amount of customer_360 that differs from the events of the customers' records.
with

parts as (
    select
        customers.customer_id,
        events.event_type,
        events.subject_id,
        events.occurred_at,
        sum(events.amount) as amount
    from {{ ref('events') }} as events
    inner join {{ ref('clusters') }} as clusters
        on events.source_record_id = clusters.source_record_id
    inner join {{ ref('customers') }} as customers
        on clusters.customer_id = customers.customer_id
    where
        events.known_at <= {{ as_of() }}
        and events.occurred_at <= {{ as_of() }}
        and events.event_type in ('purchase', 'return')
    group by customers.customer_id, events.event_type, events.subject_id, events.occurred_at
),

events as (
    -- An order that came to be known in parts counts once; one that was taken back not at all.
    select
        sum(case when event_type = 'purchase' then amount else 0 end) as total_purchase_amount,
        sum(case when event_type = 'return' then amount else 0 end) as return_amount,
        count(
            distinct
            case when event_type = 'purchase' and amount <> 0 then customer_id || '|' || subject_id end
        ) as count_orders
    from parts
),

customers as (
    select
        sum(total_purchase_amount) as total_purchase_amount,
        sum(return_amount) as return_amount,
        sum(count_orders) as count_orders
    from {{ ref('customer_360') }}
)

select
    events.total_purchase_amount,
    customers.total_purchase_amount as total_purchase_amount_of_customers
from events
cross join customers
where
    coalesce(events.total_purchase_amount, 0) <> coalesce(customers.total_purchase_amount, 0)
    or coalesce(events.return_amount, 0) <> coalesce(customers.return_amount, 0)
    or coalesce(events.count_orders, 0) <> coalesce(customers.count_orders, 0)
