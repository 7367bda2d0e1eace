-- Grain: one customer and one month that ended before the moment asked about: (customer_id, as_of).
with

customers as (
    select
        customer_id,
        first_seen_at
    from {{ ref('customers') }}
),

months as (
    {{ month_ends(13) }}
),

spine as (
    select
        customers.customer_id,
        months.as_of
    from customers
    inner join months
        on customers.first_seen_at <= months.as_of
),

features as (
    {{ customer_features('spine', ref('customer_events'), ref('customer_service_contacts')) }}
)

select
    -- ids
    customer_id,
    -- numbers: purchases
    count_orders,
    count_orders_365d,
    total_purchase_amount,
    purchase_amount_365d,
    purchase_amount_90d,
    count_returns,
    return_amount,
    average_order_amount,
    median_gap_days,
    gap_spread_days,
    last_gap_days,
    days_since_last_purchase,
    count_purchase_days,
    -- numbers: reactions, visits, service
    count_newsletters_sent_90d,
    count_opens_90d,
    count_clicks_90d,
    count_machine_opens_90d,
    count_web_visits_90d,
    count_product_views_90d,
    days_since_last_web_visit,
    count_service_contacts_365d,
    count_open_service_contacts,
    count_open_complaints,
    -- moments
    first_purchase_at,
    last_purchase_at,
    last_newsletter_reaction_at,
    last_web_visit_at,
    last_service_contact_at,
    as_of
from features
