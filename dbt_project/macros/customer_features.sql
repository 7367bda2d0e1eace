{#- Everything the house says about a customer's behaviour, defined once and evaluated at any moments.

    spine: (customer_id, as_of), one row for each question asked: one moment for tonight's rows, many for training,
    backtests and conditions. events: the columns of customer_events. service_contacts: those of
    customer_service_contacts. Of both only rows known by the question's own moment count.
    Gives one row for each row of the spine; counts are 0 and amounts 0 for a customer without events. -#}
{%- macro customer_features(spine, events, service_contacts) -%}
with

asked as (
    select customer_id, as_of from {{ spine }}
),

facts as (
    select
        asked.customer_id,
        asked.as_of,
        events.event_type,
        coalesce(events.subject_id, events.event_id) as subject_id,
        events.amount,
        events.occurred_at,
        events.occurred_at > {{ dbt.dateadd('day', -90, 'asked.as_of') }} as is_within_90d,
        events.occurred_at > {{ dbt.dateadd('day', -365, 'asked.as_of') }} as is_within_365d
    from asked
    inner join {{ events }} as events
        on
            asked.customer_id = events.customer_id
            and asked.as_of >= events.known_at
            and asked.as_of >= events.occurred_at
),

orders as (
    -- What was taken back, because a better version came or it turned out to be somebody else's, was never bought.
    select
        customer_id,
        as_of,
        event_type,
        subject_id,
        is_within_90d,
        is_within_365d,
        occurred_at,
        sum(amount) as amount
    from facts
    where event_type in ('purchase', 'return')
    group by customer_id, as_of, event_type, subject_id, is_within_90d, is_within_365d, occurred_at
    having coalesce(sum(amount), 1) <> 0
),

purchases as (
    {{ customer_features_of_purchases('orders') }}
),

rhythm as (
    {{ customer_features_of_rhythm('orders') }}
),

reactions as (
    {{ customer_features_of_reactions('facts') }}
),

service as (
    {{ customer_features_of_service('asked', service_contacts) }}
)

select
    asked.customer_id,
    asked.as_of,
    {%- for column in ['count_orders', 'count_orders_365d', 'count_returns'] %}
    coalesce(purchases.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    {%- for column in ['total_purchase_amount', 'purchase_amount_365d', 'purchase_amount_90d', 'return_amount'] %}
    cast(coalesce(purchases.{{ column }}, 0) as decimal(18, 4)) as {{ column }},
    {%- endfor %}
    case
        when purchases.count_orders > 0
            then cast(purchases.total_purchase_amount / purchases.count_orders as decimal(18, 4))
    end as average_order_amount,
    rhythm.median_gap_days,
    rhythm.gap_spread_days,
    rhythm.last_gap_days,
    coalesce(rhythm.count_purchase_days, 0) as count_purchase_days,
    {{ business_days_between('purchases.last_purchase_at', 'asked.as_of') }} as days_since_last_purchase,
    {%- for column in [
        'count_newsletters_sent_90d', 'count_opens_90d', 'count_clicks_90d', 'count_machine_opens_90d',
        'count_web_visits_90d', 'count_product_views_90d',
    ] %}
    coalesce(reactions.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    {{ business_days_between('reactions.last_web_visit_at', 'asked.as_of') }} as days_since_last_web_visit,
    {%- for column in ['count_service_contacts_365d', 'count_open_service_contacts', 'count_open_complaints'] %}
    coalesce(service.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    purchases.first_purchase_at,
    purchases.last_purchase_at,
    reactions.last_newsletter_reaction_at,
    reactions.last_web_visit_at,
    service.last_service_contact_at
from asked
{%- for part in ['purchases', 'rhythm', 'reactions', 'service'] %}
left join {{ part }} on asked.customer_id = {{ part }}.customer_id and asked.as_of = {{ part }}.as_of
{%- endfor %}
{%- endmacro -%}

{#- Whole business days from one moment to another; null when either is. -#}
{%- macro business_days_between(earlier, later) -%}
    {{ dbt.datediff(business_date(earlier), business_date(later), 'day') }}
{%- endmacro -%}
