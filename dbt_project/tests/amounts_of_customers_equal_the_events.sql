-- A returned row is an amount of customer_360 that differs from the events of the customers' records.
with

events as (
    select
        sum(case when events.event_type = 'purchase' then events.amount else 0 end) as total_purchase_amount,
        sum(case when events.event_type = 'return' then events.amount else 0 end) as return_amount,
        count(case when events.event_type = 'purchase' then 1 end) as count_orders
    from {{ ref('events') }} as events
    inner join {{ ref('clusters') }} as clusters
        on events.source_record_id = clusters.source_record_id
    inner join {{ ref('customers') }} as customers
        on clusters.customer_id = customers.customer_id
    where
        events.known_at <= {{ as_of() }}
        and events.occurred_at <= {{ as_of() }}
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
