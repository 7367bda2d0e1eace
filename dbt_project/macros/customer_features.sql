{#- Everything the house says about a customer's behaviour, defined once and evaluated at any moments.

    spine: (customer_id, as_of), one row for each question asked: one moment for tonight's rows, many for training,
    backtests and conditions. events: the columns of customer_events. service_contacts: those of
    customer_service_contacts. Of both only rows known by the question's own moment count.
    Gives one row for each row of the spine; counts are 0 and amounts 0 for a customer without events.

    Speed: questions are numbered, as grouping and sorting by a whole number costs a third of doing it by a text and a
    moment; what depends on the moment alone is worked out once a moment; texts are compared before the join only. -#}
{%- macro customer_features(spine, events, service_contacts) -%}
with

moments as (
    select
        as_of,
        {{ business_date('as_of') }} as as_of_date,
        {{ dbt.dateadd('day', -90, 'as_of') }} as after_90d,
        {{ dbt.dateadd('day', -365, 'as_of') }} as after_365d
    from (select distinct as_of from {{ spine }}) as distinct_moments
),

asked as (
    select
        row_number() over (order by spine.customer_id, spine.as_of) as question_number,
        spine.customer_id,
        spine.as_of,
        moments.as_of_date,
        moments.after_90d,
        moments.after_365d
    from {{ spine }} as spine
    inner join moments on spine.as_of = moments.as_of
),

order_parts as (
    {{ customer_features_of_order_parts('asked', events) }}
),

purchases as (
    {{ customer_features_of_purchases('order_parts') }}
),

rhythm as (
    {{ customer_features_of_rhythm('order_parts') }}
),

reactions as (
    {{ customer_features_of_reactions('asked', 'moments', events) }}
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
    {{ dbt.datediff('rhythm.last_purchase_date', 'asked.as_of_date', 'day') }} as days_since_last_purchase,
    {%- for column in [
        'count_newsletters_sent_90d', 'count_opens_90d', 'count_clicks_90d', 'count_machine_opens_90d',
        'count_web_visits_90d', 'count_product_views_90d',
    ] %}
    coalesce(reactions.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    {{ dbt.datediff(business_date('reactions.last_web_visit_at'), 'asked.as_of_date', 'day') }}
        as days_since_last_web_visit,
    {%- for column in ['count_service_contacts_365d', 'count_open_service_contacts', 'count_open_complaints'] %}
    coalesce(service.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    purchases.first_purchase_at,
    purchases.last_purchase_at,
    reactions.last_newsletter_reaction_at,
    reactions.last_web_visit_at,
    reactions.joined_at,
    service.last_service_contact_at
from asked
{%- for part in ['purchases', 'rhythm', 'reactions', 'service'] %}
left join {{ part }} on asked.question_number = {{ part }}.question_number
{%- endfor %}
{%- endmacro -%}
