-- A returned row is a cancellation that the timeline counts as a purchase.
select orders.order_id
from {{ ref('orders') }} as orders
inner join {{ ref('events') }} as events
    on orders.order_id = events.subject_id
where
    orders.is_cancellation
    and events.event_type = 'purchase'
