"""What the x-ray asks about size and value."""

# What customers bought in a year and kept: returns are taken off in the share they are of all purchases (docs: rfm).
KEPT = """cast(round(purchase_amount_365d * (
            1 - least(1, case when total_purchase_amount > 0 then return_amount / total_purchase_amount else 0 end)
        ), 4) as decimal(18, 4))"""

ASKED = {
    "base": """
select
    count(*) as count_customers,
    count(*) filter (where count_orders > 0) as count_buyers,
    count(*) filter (where count_orders_365d > 0) as count_buyers_365d,
    count(*) filter (where lifecycle_stage in ('new', 'active', 'returned')) as count_active,
    count(*) filter (where lifecycle_stage = 'fading') as count_fading,
    coalesce(sum(count_orders_365d), 0)::bigint as count_orders_365d,
    coalesce(sum(purchase_amount_365d), 0)::double as purchase_amount_365d,
    count(*) filter (
        where (has_email and may_email) or (has_phone and may_phone) or (has_postal_address and may_letter)
    ) as count_reachable,
    min(as_of) as as_of
from analytics.customer_analytics
""",
    "concentration": f"""
with kept as (
    select
        customer_id,
        {KEPT} as amount
    from customer_360.customer_360
),
ranked as (
    select
        amount,
        row_number() over (order by amount desc, customer_id) as place,
        count(*) over () as count_buyers,
        sum(amount) over () as total
    from kept
    where amount > 0
),
running as (
    select
        *,
        sum(amount) over (order by place rows unbounded preceding) as so_far,
        2 * (sum((count_buyers + 1 - place) * amount) over ())::double / (count_buyers * total::double)
            - (count_buyers + 1)::double / count_buyers as gini
    from ranked
)
select
    ceil(100.0 * place / count_buyers)::integer as percent,
    max(place)::double / max(count_buyers) as share_of_buyers,
    max(so_far)::double / max(total)::double as share_of_amount,
    max(gini) as gini
from running
group by percent
order by percent
""",
    "tiers": f"""
with kept as (
    select
        value_tier,
        count_orders_365d,
        {KEPT} as amount
    from analytics.customer_analytics
)
select
    value_tier,
    count(*) as count_customers,
    sum(amount)::double as kept_amount,
    sum(amount)::double / nullif((select sum(amount)::double from kept), 0) as share_of_amount,
    sum(count_orders_365d)::double / count(*) as orders_per_customer
from kept
where value_tier <> 'none'
group by value_tier
order by array_position(['top', 'high', 'middle', 'low'], value_tier)
""",
    "rfm_grid": """
select
    recency_score,
    frequency_score,
    count(*) as count_customers,
    sum(monetary_amount)::double / count(*) as amount_per_year
from analytics.rfm
where recency_score is not null and frequency_score is not null
group by recency_score, frequency_score
order by recency_score, frequency_score
""",
}
