-- A returned row is a customer whose figures contradict each other.
select customer_id
from {{ ref('customer_360') }}
where
    count_orders_365d > count_orders
    or count_purchase_days > count_orders
    or (count_orders > 0) <> (last_purchase_at is not null)
    or (count_purchase_days > 1) <> (median_gap_days is not null)
    or purchase_amount_90d > purchase_amount_365d
    or purchase_amount_365d > total_purchase_amount
    or count_open_complaints > count_open_service_contacts
    or first_seen_at > first_purchase_at
    or last_purchase_at > as_of
