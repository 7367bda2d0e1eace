"""What the x-ray asks about where customers stand, how they moved, and how they may be reached."""

BUYERS = "('new', 'active', 'fading', 'passive', 'returned')"  # everyone who bought and is not lost

ASKED = {
    "stages": """
select
    lifecycle_stage,
    count(*) as count_customers,
    sum(purchase_amount_365d)::double as purchase_amount_365d
from analytics.customer_analytics
group by lifecycle_stage
order by lifecycle_stage
""",
    "stage_history": """
with tonight as (
    select max(to_as_of) as as_of from analytics.lifecycle_migration
)
select
    strftime(from_as_of at time zone 'UTC' at time zone '{zone}', '%Y-%m') as month,
    from_stage as lifecycle_stage,
    sum(count_customers)::bigint as count_customers
from analytics.lifecycle_migration
where to_as_of = (select as_of from tonight) and from_stage <> 'not_known'
group by from_as_of, from_stage
union all
select 'now' as month, lifecycle_stage, count(*) as count_customers
from analytics.customer_analytics
group by lifecycle_stage
order by month, lifecycle_stage
""",
    "flow": f"""
with moves as (
    select
        to_as_of,
        from_stage,
        to_stage,
        count_customers,
        from_stage in {BUYERS} as was_buyer,
        to_stage in {BUYERS} as is_buyer
    from analytics.lifecycle_migration
    qualify from_as_of = max(from_as_of) over (partition by to_as_of)
)
select
    strftime(to_as_of at time zone 'UTC' at time zone '{{zone}}', '%Y-%m') as month,
    coalesce(sum(count_customers) filter (where was_buyer), 0)::bigint as count_before,
    coalesce(sum(count_customers) filter (
        where is_buyer and from_stage in ('not_known', 'prospect')
    ), 0)::bigint as count_new,
    coalesce(sum(count_customers) filter (where is_buyer and from_stage = 'lost'), 0)::bigint as count_returned,
    coalesce(sum(count_customers) filter (where was_buyer and to_stage = 'lost'), 0)::bigint as count_lost,
    coalesce(sum(count_customers) filter (where was_buyer and to_stage = 'prospect'), 0)::bigint as count_corrected,
    coalesce(sum(count_customers) filter (where is_buyer), 0)::bigint as count_after
from moves
group by to_as_of
order by to_as_of
""",
    "migration": """
select from_stage, to_stage, count_customers
from analytics.lifecycle_migration
where to_as_of = as_of
qualify from_as_of = max(from_as_of) over ()
order by from_stage, to_stage
""",
    "tier_migration": """
select from_tier, to_tier, count_customers
from analytics.value_tier_migration
order by from_tier, to_tier
""",
    "segments": """
select segment, owner, purpose, count_customers, expected_min, expected_max, is_within_band
from analytics.segment_sizes
order by count_customers desc, segment
""",
    "reach": """
with ways as (
    select 'e-mail' as channel, has_email as has_address, may_email as may
    from analytics.customer_analytics
    union all
    select 'phone', has_phone, may_phone
    from analytics.customer_analytics
    union all
    select 'letter', has_postal_address, may_letter
    from analytics.customer_analytics
    union all
    select 'ads', has_email or has_phone, may_ads
    from analytics.customer_analytics
)
select
    channel,
    count(*) filter (where has_address and may) as count_reachable,
    count(*) filter (where has_address and not may) as count_not_permitted,
    count(*) filter (where may and not has_address) as count_without_address,
    count(*) filter (where not may and not has_address) as count_neither
from ways
group by channel
order by array_position(['e-mail', 'phone', 'letter', 'ads'], channel)
""",
    "reach_by_tier": """
select
    value_tier,
    count(*) as count_customers,
    count(*) filter (where has_email and may_email)::double / count(*) as "e-mail",
    count(*) filter (where has_phone and may_phone)::double / count(*) as phone,
    count(*) filter (where has_postal_address and may_letter)::double / count(*) as letter,
    count(*) filter (where (has_email or has_phone) and may_ads)::double / count(*) as ads
from analytics.customer_analytics
group by value_tier
order by array_position(['top', 'high', 'middle', 'low', 'none'], value_tier)
""",
}
