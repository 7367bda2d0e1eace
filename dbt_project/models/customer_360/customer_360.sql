-- Grain: one customer. One row per living customer_id, as of the moment asked about.
with

customers as (
    select * from {{ ref('customers') }}
),

spine as (
    select customer_id, {{ as_of() }} as as_of from customers
),

features as (
    {{ customer_features('spine', ref('customer_events'), ref('customer_service_contacts')) }}
),

permissions as (
    {{ permissions_by_channel(ref('consents_current'), 'marketing', ['email', 'phone', 'letter', 'ads']) }}
),

reachable as (
    select
        customer_id,
        country_code,
        language_code,
        {{ day_without_year('birth_date') }} as birthday,
        email is not null as has_email,
        phone is not null as has_phone,
        street is not null and coalesce(postal_code, city) is not null as has_postal_address
    from {{ ref('contact_points') }}
),

contract_ends as (
    {{ newest_value(ref('current_contacts'), 'contract_end_date') }}
)

select
    -- ids
    customers.customer_id,
    -- text
    customers.customer_number,
    reachable.country_code,
    reachable.language_code,
    -- numbers: purchases
    features.count_orders,
    features.count_orders_365d,
    features.total_purchase_amount,
    features.purchase_amount_365d,
    features.purchase_amount_90d,
    features.count_returns,
    features.return_amount,
    features.average_order_amount,
    features.median_gap_days,
    features.gap_spread_days,
    features.last_gap_days,
    features.days_since_last_purchase,
    features.count_purchase_days,
    -- numbers: reactions, visits, service
    features.count_newsletters_sent_90d,
    features.count_opens_90d,
    features.count_clicks_90d,
    features.count_machine_opens_90d,
    features.count_web_visits_90d,
    features.count_product_views_90d,
    features.days_since_last_web_visit,
    features.count_service_contacts_365d,
    features.count_open_service_contacts,
    features.count_open_complaints,
    -- yes/no
    reachable.has_email,
    reachable.has_phone,
    reachable.has_postal_address,
    coalesce(permissions.may_email, false) as may_email,
    coalesce(permissions.may_phone, false) as may_phone,
    coalesce(permissions.may_letter, false) as may_letter,
    coalesce(permissions.may_ads, false) as may_ads,
    -- dates
    reachable.birthday,
    contract_ends.contract_end_date,
    -- moments
    customers.first_seen_at,
    features.joined_at,
    features.first_purchase_at,
    features.last_purchase_at,
    features.last_newsletter_reaction_at,
    features.last_web_visit_at,
    features.last_service_contact_at,
    features.as_of
from customers
inner join features on customers.customer_id = features.customer_id
inner join reachable on customers.customer_id = reachable.customer_id
left join contract_ends on customers.customer_id = contract_ends.customer_id
left join permissions on customers.customer_id = permissions.customer_id
