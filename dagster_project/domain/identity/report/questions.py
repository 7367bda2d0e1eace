"""What the identity report asks of the published tables, in SQL that anybody can run on them again. No values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

SUSPECTS = 15  # rows of a table that a person reads to the end
MONTHS = 13  # a year, and the month to compare it with

RECORDS = "split_part(source_record_id, ':', 2) <> 'cookie'"  # a browser is no record of a person

ASKED: Mapping[str, str] = {
    "totals": f"""
select
    count(*) filter ({RECORDS}) as count_records,
    count(*) filter (not {RECORDS}) as count_browsers,
    (select count(distinct customer_id) from identity.customer_aliases) as count_customers,
    (select count(*) from identity.review_queue) as count_pairs_to_review,
    (select count(*) from identity.merge_suspects) as count_suspects
from identity.clusters
""",
    "sizes": f"""
with customers as (
    select customer_id, count(*) filter ({RECORDS}) as size
    from identity.clusters
    where customer_id in (select customer_id from identity.customer_aliases)
    group by customer_id
)
select least(size, 7) as count_records, count(*) as count_customers
from customers
where size > 0
group by all
order by all
""",
    "systems": f"""
with customers as (
    select customer_id, string_agg(distinct split_part(source_record_id, ':', 1), ' + '
        order by split_part(source_record_id, ':', 1)) as systems
    from identity.clusters
    where customer_id in (select customer_id from identity.customer_aliases) and {RECORDS}
    group by customer_id
)
select systems, count(*) as count_customers
from customers
group by all
order by count_customers desc, systems
limit 10
""",
    "browsers": f"""
with customers as (
    select customer_id, count(*) filter (not {RECORDS}) as browsers
    from identity.clusters
    where customer_id in (select customer_id from identity.customer_aliases)
    group by customer_id
)
select least(browsers, 5) as count_browsers, count(*) as count_customers
from customers
group by all
order by all
""",
    "rules": """
with pairs as (
    select *, count(distinct rule) over (partition by source_record_id_a, source_record_id_b) as count_rules
    from identity.matches
    where reason is null
),
joined as (
    select rule, count(*) as count_matches, count(*) filter (count_rules = 1) as count_alone
    from pairs
    group by rule
),
held as (
    select rule, count(*) as count_held
    from identity.matches
    where reason is not null
    group by rule
)
select rule, coalesce(count_matches, 0) as count_matches, coalesce(count_alone, 0) as count_alone,
    coalesce(count_held, 0) as count_held
from joined
full join held using (rule)
order by count_matches desc, count_held desc, rule
""",
    "held": """
select matches.reason, count(*) as count_held, count(review_queue.reason) as count_waiting
from (
    select distinct source_record_id_a, source_record_id_b, reason from identity.matches where reason is not null
) as matches
left join identity.review_queue as review_queue
    using (source_record_id_a, source_record_id_b, reason)
group by all
order by count_held desc, matches.reason
""",
    "suspects": f"""
select *
from identity.merge_suspects
order by count_birth_dates desc, count_names desc, count_records desc, count_emails desc, count_phones desc, customer_id
limit {SUSPECTS}
""",
    "evidence": f"""
with months as (
    select strftime(first_seen_at at time zone 'UTC' at time zone '{{zone}}', '%Y-%m') as month,
        count(*) filter (reason is null) as count_joined, count(*) filter (reason is not null) as count_held
    from identity.matches
    group by all
    order by month desc
    limit {MONTHS}
)
select * from months order by month
""",
    "probable": """
select least(floor(match_weight), 40) as bits, count(*) as count_pairs, count(*) filter (reason is null) as count_joined
from identity.matches
where rule = 'probable' and match_weight is not null
group by all
order by all
""",
}
IF_PUBLISHED: Mapping[str, tuple[str, str]] = {
    "changes": (
        "identity/identity_changes",
        f"""
with months as (
    select strftime(as_of at time zone 'UTC' at time zone '{{zone}}', '%Y-%m') as month, change,
        count(*) as count_changes
    from identity.identity_changes
    group by all
)
select *
from months
qualify dense_rank() over (order by month desc) <= {MONTHS}
order by all
""",
    ),
}


def questions(zone: ZoneInfo, has: Callable[[str], bool]) -> dict[str, str]:
    """Every query by its name, with months of the business zone.

    Args:
        zone: the business zone.
        has: whether a ``room/table`` is there to be asked; what reads one that is not is left out.

    >>> everything, less = (questions(ZoneInfo("UTC"), lambda table, has=has: has) for has in (True, False))
    >>> sorted(set(everything) - set(less))
    ['changes']
    """
    more = {name: sql for name, (table, sql) in IF_PUBLISHED.items() if has(table)}
    return {name: sql.strip().replace("{zone}", zone.key) for name, sql in {**ASKED, **more}.items()}
