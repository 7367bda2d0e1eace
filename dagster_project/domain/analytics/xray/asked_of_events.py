"""What the x-ray asks about months, cohorts, rhythm and channels: questions to the timeline."""

ASKED = {
    "months": """
with bought as (
    select
        customer_id,
        event_type,
        amount,
        strftime(occurred_at at time zone 'UTC' at time zone '{zone}', '%Y-%m') as month
    from customer_360.customer_events
    where event_type in ('purchase', 'return')
),
firsts as (
    select customer_id, min(month) as first_month
    from bought
    where event_type = 'purchase'
    group by customer_id
)
select
    bought.month,
    count(distinct bought.customer_id) filter (
        where event_type = 'purchase' and month = first_month
    ) as count_first_time,
    count(distinct bought.customer_id) filter (
        where event_type = 'purchase' and month > first_month
    ) as count_again,
    count(*) filter (where event_type = 'purchase') as count_orders,
    coalesce(sum(amount) filter (where event_type = 'purchase'), 0)::double as purchase_amount,
    coalesce(sum(abs(amount)) filter (where event_type = 'return'), 0)::double as return_amount
from bought
left join firsts on bought.customer_id = firsts.customer_id
group by bought.month
order by bought.month
""",
    "cohorts": """
with bought as (
    select distinct
        customer_id,
        date_trunc('month', occurred_at at time zone 'UTC' at time zone '{zone}') as month
    from customer_360.customer_events
    where event_type = 'purchase'
),
since as (
    select
        customer_id,
        min(month) over (partition by customer_id) as first_month,
        date_diff('month', min(month) over (partition by customer_id), month) as months_since
    from bought
)
select
    strftime(first_month, '%Y-%m') as first_month,
    months_since,
    count(*) as count_buyers,
    count(*)::double / max(count(*)) over (partition by first_month) as share
from since
group by first_month, months_since
order by first_month, months_since
""",
    "gaps": """
select
    least(floor(median_gap_days / 7), 26)::integer as weeks,
    count(*) as count_customers,
    (select median(median_gap_days) from customer_360.customer_360 where count_purchase_days >= 3) as median_days
from customer_360.customer_360
where count_purchase_days >= 3
group by weeks
order by weeks
""",
    "quiet": """
select
    least(floor(quiet_ratio * 5) / 5, 5)::double as times,
    count(*) as count_customers,
    count(*) filter (where is_fading) as count_fading
from analytics.rhythm
where quiet_ratio is not null
group by times
order by times
""",
    "due": """
with coming as (
    select
        date_diff('day', (as_of at time zone 'UTC' at time zone '{zone}')::date, next_visit_expected_on) as days,
        average_order_amount
    from customer_360.customer_360
    inner join analytics.rhythm using (customer_id)
)
select
    (days - 1) // 7 + 1 as week,
    count(*) as count_customers,
    sum(average_order_amount)::double as expected_amount
from coming
where days between 1 and 56
group by week
order by week
""",
    "hours": """
with bought as (
    select occurred_at at time zone 'UTC' at time zone '{zone}' as bought_at
    from customer_360.customer_events
    where event_type = 'purchase'
        and occurred_at > (select max(as_of) - interval 365 day from customer_360.customer_360)
)
select
    isodow(bought_at) as weekday,
    hour(bought_at) as hour,
    count(*) as count_orders
from bought
group by weekday, hour
order by weekday, hour
""",
    "meetings": """
select
    case event_type
        when 'purchase' then 'bought'
        when 'web_visit' then 'visited the web shop'
        when 'product_view' then 'looked at a product'
        when 'newsletter_opened' then 'opened a newsletter'
        when 'newsletter_clicked' then 'clicked in a newsletter'
        when 'return' then 'returned something'
        else 'asked the service by ' || coalesce(channel, 'another channel')
    end as deed,
    count(distinct customer_id) as count_customers,
    count(*) as count_times
from customer_360.customer_events
where event_type in (
        'purchase', 'return', 'web_visit', 'product_view', 'newsletter_opened', 'newsletter_clicked', 'service_opened'
    )
    and occurred_at > (select max(as_of) - interval 90 day from customer_360.customer_360)
group by deed
order by count_customers desc, deed
""",
    "newsletters": """
with reactions as (
    select
        customer_id,
        subject_id,
        min(occurred_at) filter (where event_type = 'newsletter_sent') as sent_at,
        bool_or(event_type = 'newsletter_opened') as is_opened,
        bool_or(event_type = 'newsletter_clicked') as is_clicked,
        bool_or(event_type in ('newsletter_machine_opened', 'newsletter_machine_clicked')) as is_met_by_machine
    from customer_360.customer_events
    where event_type like 'newsletter_%'
    group by customer_id, subject_id
)
select
    strftime(sent_at at time zone 'UTC' at time zone '{zone}', '%Y-%m') as month,
    count(*) as count_sent,
    count(*) filter (where is_opened) as count_opened,
    count(*) filter (where is_clicked) as count_clicked,
    count(*) filter (where is_met_by_machine) as count_met_by_machines
from reactions
where sent_at is not null
group by month
order by month
""",
}
