{#- Parts of customer_features: what was bought and returned, and how regularly.
    orders: customer_id, as_of, event_type, subject_id, amount, occurred_at, is_within_90d, is_within_365d. An order that
    came to be known in parts has a row for each part and counts once. -#}
{%- macro customer_features_of_purchases(orders) -%}
select
        customer_id,
        as_of,
        count(distinct case when event_type = 'purchase' then subject_id end) as count_orders,
        count(distinct case when event_type = 'purchase' and is_within_365d then subject_id end) as count_orders_365d,
        sum(case when event_type = 'purchase' then amount else 0 end) as total_purchase_amount,
        sum(case when event_type = 'purchase' and is_within_365d then amount else 0 end) as purchase_amount_365d,
        sum(case when event_type = 'purchase' and is_within_90d then amount else 0 end) as purchase_amount_90d,
        count(distinct case when event_type = 'return' then subject_id end) as count_returns,
        sum(case when event_type = 'return' then amount else 0 end) as return_amount,
        min(case when event_type = 'purchase' then occurred_at end) as first_purchase_at,
        max(case when event_type = 'purchase' then occurred_at end) as last_purchase_at
    from {{ orders }}
    group by customer_id, as_of
{%- endmacro -%}

{#- The customer's own rhythm, from the gaps between distinct business days with a purchase. Median and the distance
    between the quartiles are order statistics: the same bits whatever the number of threads, and one long break does
    not move them much. -#}
{%- macro customer_features_of_rhythm(orders) -%}
select
        customer_id,
        as_of,
        count(*) as count_purchase_days,
        percentile_cont(0.5) within group (order by gap_days) as median_gap_days,
        case
            when count(gap_days) > 1
                then
                    percentile_cont(0.75) within group (order by gap_days)
                    - percentile_cont(0.25) within group (order by gap_days)
        end as gap_spread_days,
        max(case when recency_order = 1 then gap_days end) as last_gap_days
    from (
        select
            customer_id,
            as_of,
            row_number() over (partition by customer_id, as_of order by purchase_date desc) as recency_order,
            {{ dbt.datediff(
                'lag(purchase_date) over (partition by customer_id, as_of order by purchase_date)',
                'purchase_date',
                'day'
            ) }} as gap_days
        from (
            select distinct
                customer_id,
                as_of,
                {{ business_date('occurred_at') }} as purchase_date
            from {{ orders }}
            where event_type = 'purchase'
        ) as purchase_days
    ) as gaps
    group by customer_id, as_of
{%- endmacro -%}
