{#- Parts of customer_features: what was bought and returned, and how regularly.
    asked: question_number, customer_id, as_of, after_90d, after_365d: one row for each question. -#}

{#- One row for each part of an order or return that still stands: an order that came to be known in parts has several.
    What was taken back, because a better version came or it turned out to be somebody else's, was never bought. -#}
{%- macro customer_features_of_order_parts(asked, events) -%}
select
        question_number,
        is_return,
        subject_id,
        occurred_at,
        is_within_90d,
        is_within_365d,
        sum(amount) as amount
    from (
        select
            asked.question_number,
            events.event_type = 'return' as is_return,
            coalesce(events.subject_id, events.event_id) as subject_id,
            events.occurred_at,
            events.amount,
            events.occurred_at > asked.after_90d as is_within_90d,
            events.occurred_at > asked.after_365d as is_within_365d
        from {{ asked }} as asked
        inner join {{ events }} as events
            on
                asked.customer_id = events.customer_id
                and asked.as_of >= events.known_at
                and asked.as_of >= events.occurred_at
        where events.event_type in ('purchase', 'return')
    ) as known_parts
    group by question_number, is_return, subject_id, occurred_at, is_within_90d, is_within_365d
    having coalesce(sum(amount), 1) <> 0
{%- endmacro -%}

{#- An order counts once, however many parts it came in. -#}
{%- macro customer_features_of_purchases(order_parts) -%}
select
        question_number,
        count(case when not is_return then 1 end) as count_orders,
        count(case when not is_return and is_within_365d = 1 then 1 end) as count_orders_365d,
        sum(case when not is_return then amount else 0 end) as total_purchase_amount,
        sum(case when not is_return then amount_365d else 0 end) as purchase_amount_365d,
        sum(case when not is_return then amount_90d else 0 end) as purchase_amount_90d,
        count(case when is_return then 1 end) as count_returns,
        sum(case when is_return then amount else 0 end) as return_amount,
        min(case when not is_return then first_at end) as first_purchase_at,
        max(case when not is_return then last_at end) as last_purchase_at
    from (
        select
            question_number,
            is_return,
            max(case when is_within_365d then 1 else 0 end) as is_within_365d,
            cast(sum(amount) as decimal(18, 4)) as amount,
            cast(sum(case when is_within_365d then amount else 0 end) as decimal(18, 4)) as amount_365d,
            cast(sum(case when is_within_90d then amount else 0 end) as decimal(18, 4)) as amount_90d,
            min(occurred_at) as first_at,
            max(occurred_at) as last_at
        from {{ order_parts }}
        group by question_number, is_return, subject_id
    ) as orders
    group by question_number
{%- endmacro -%}

{#- The customer's own rhythm, from the gaps between distinct business days with a purchase. Median and the distance
    between the quartiles are order statistics: the same bits whatever the number of threads, and one long break does
    not move them much. -#}
{%- macro customer_features_of_rhythm(order_parts) -%}
select
        question_number,
        count(*) as count_purchase_days,
        percentile_cont(0.5) within group (order by gap_days) as median_gap_days,
        case
            when count(gap_days) > 1
                then
                    percentile_cont(0.75) within group (order by gap_days)
                    - percentile_cont(0.25) within group (order by gap_days)
        end as gap_spread_days,
        max(case when is_last then gap_days end) as last_gap_days,
        max(purchase_date) as last_purchase_date
    from (
        select
            question_number,
            purchase_date,
            {{ dbt.datediff(
                'lag(purchase_date) over (partition by question_number order by purchase_date)', 'purchase_date', 'day'
            ) }} as gap_days,
            lead(purchase_date) over (partition by question_number order by purchase_date) is null as is_last
        from (
            select distinct
                question_number,
                {{ business_date('occurred_at') }} as purchase_date
            from {{ order_parts }}
            where not is_return
        ) as purchase_days
    ) as gaps
    group by question_number
{%- endmacro -%}
