"""A base of five people in a DuckDB of its own, with exactly the tables and columns the x-ray asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from dagster_project.domain.analytics.xray import Answer, questions

ZONE = ZoneInfo("Europe/Helsinki")
AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)

# Who they are: stage, tier, orders, money within the year, returns, the days between purchases and since the last.
PEOPLE = """
    ('c1', 'active',   'top',    10, 5000, 0,    20.0, 10, true,  true,  true,  false, true,  true),
    ('c2', 'fading',   'high',    5, 3000, 0,    30.0, 60, true,  false, true,  true,  true,  false),
    ('c3', 'new',      'middle',  1, 1500, 0,    null,  5, false, false, true,  true,  true,  true),
    ('c4', 'passive',  'low',     2, 1000, 500,  90.0, 200, true, true,  false, false, false, false),
    ('c5', 'prospect', 'none',    0,    0, 0,    null, null, false, true, false, false, false, true)
"""
COLUMNS = """customer_id, lifecycle_stage, value_tier, count_orders, purchase_amount_365d, return_amount,
    median_gap_days, days_since_last_purchase, has_email, may_email, has_phone, may_phone, has_postal_address,
    may_letter"""

EVENTS = """
    ('c1', 'purchase', 'o1', null,  100, '2026-01-10 10:00'),
    ('c1', 'purchase', 'o2', null,  200, '2026-01-31 22:30'),
    ('c1', 'return',   'o2', null,   50, '2026-02-10 10:00'),
    ('c1', 'purchase', 'o3', null,  300, '2026-03-10 10:00'),
    ('c2', 'purchase', 'o4', null,   80, '2026-02-05 10:00'),
    ('c2', 'web_visit', 's1', 'web', null, '2026-03-05 10:00'),
    ('c3', 'purchase', 'o5', null,   70, '2026-03-20 18:00'),
    ('c1', 'newsletter_sent',    'n1', 'email', null, '2026-03-01 09:00'),
    ('c2', 'newsletter_sent',    'n1', 'email', null, '2026-03-01 09:00'),
    ('c1', 'newsletter_machine_opened', 'n1', 'email', null, '2026-03-01 09:00:02'),
    ('c2', 'newsletter_opened',  'n1', 'email', null, '2026-03-02 09:00'),
    ('c2', 'newsletter_opened',  'n1', 'email', null, '2026-03-03 09:00')
"""

# Stages then and now: c5 is met in March, c3 first buys then, c4 was fading and is passive, one more came back.
MIGRATION = """
    ('2026-01-31', '2026-02-28', 'prospect', 'prospect', 1),
    ('2026-01-31', '2026-02-28', 'active', 'active', 3),
    ('2026-01-31', '2026-03-31', 'prospect', 'new', 1),
    ('2026-01-31', '2026-03-31', 'active', 'active', 3),
    ('2026-01-31', '2026-03-31', 'not_known', 'prospect', 1),
    ('2026-02-28', '2026-03-31', 'active', 'active', 10),
    ('2026-02-28', '2026-03-31', 'active', 'fading', 4),
    ('2026-02-28', '2026-03-31', 'prospect', 'new', 3),
    ('2026-02-28', '2026-03-31', 'not_known', 'new', 2),
    ('2026-02-28', '2026-03-31', 'not_known', 'prospect', 7),
    ('2026-02-28', '2026-03-31', 'lost', 'returned', 1),
    ('2026-02-28', '2026-03-31', 'passive', 'lost', 5),
    ('2026-02-28', '2026-03-31', 'new', 'prospect', 1)
"""


def small_base(people: bool = True) -> duckdb.DuckDBPyConnection:
    """The tables; without people they are all empty."""
    only = "" if people else "where false"
    at_end = "cast({} as timestamp) + interval '20 hours 59 minutes'"
    base = duckdb.connect()
    for room in ("customer_360", "analytics"):
        base.execute(f"create schema {room}")
    base.execute(f"""
        create table analytics.customer_analytics as
        select {COLUMNS.replace("purchase_amount_365d, return_amount", "amount, returned")},
            count_orders as count_orders_365d, count_orders as count_purchase_days,
            cast(amount as decimal(18, 4)) as purchase_amount_365d,
            cast(amount as decimal(18, 4)) as total_purchase_amount,
            cast(returned as decimal(18, 4)) as return_amount,
            cast(amount / nullif(count_orders, 0) as decimal(18, 4)) as average_order_amount,
            has_email as may_ads, cast('{AS_OF:%Y-%m-%d %H:%M:%S.%f}' as timestamp) as as_of
        from (values {PEOPLE}) as people({COLUMNS.replace("purchase_amount_365d, return_amount", "amount, returned")})
        {only}""")
    base.execute("alter table analytics.customer_analytics alter median_gap_days type double")
    base.execute("create table customer_360.customer_360 as from analytics.customer_analytics")
    base.execute(f"""
        create table customer_360.customer_events as
        select customer_id, event_type, subject_id, channel, cast(amount as decimal(18, 4)) as amount,
            cast(occurred_at as timestamp) as occurred_at
        from (values {EVENTS}) as events(customer_id, event_type, subject_id, channel, amount, occurred_at) {only}""")
    base.execute("""
        create table analytics.rfm as
        select customer_id, value_tier, 3 as recency_score, 4 as frequency_score,
            purchase_amount_365d as monetary_amount
        from analytics.customer_analytics where count_orders > 0""")
    base.execute("""
        create table analytics.rhythm as
        select customer_id, days_since_last_purchase / median_gap_days as quiet_ratio,
            lifecycle_stage = 'fading' as is_fading, date '2026-04-01' + 3 as next_visit_expected_on
        from analytics.customer_analytics where count_orders > 1""")
    base.execute(f"""
        create table analytics.lifecycle_migration as
        select {at_end.format("earlier")} as from_as_of, {at_end.format("later")} as to_as_of, from_stage, to_stage,
            cast(count as bigint) as count_customers, max({at_end.format("later")}) over () as as_of
        from (values {MIGRATION}) as pairs(earlier, later, from_stage, to_stage, count) {only}""")
    base.execute(f"""
        create table analytics.value_tier_migration as
        select * from (values ('low', 'middle', 3), ('high', 'low', 1), ('not_known', 'low', 2))
            as pairs(from_tier, to_tier, count_customers) {only}""")
    base.execute(f"""
        create table analytics.segment_sizes as
        select * from (values ('big', 'team:crm', 'analysis', 5, 1, 3, false))
            as sizes(segment, owner, purpose, count_customers, expected_min, expected_max, is_within_band) {only}""")
    return base


def asking(base: duckdb.DuckDBPyConnection) -> Callable[[str], pa.Table]:
    """How the x-ray asks this base."""
    return lambda sql: base.execute(sql).to_arrow_table()


def answers_of(base: duckdb.DuckDBPyConnection) -> dict[str, Answer]:
    """The base's answers to every question."""
    return {name: Answer(sql, asking(base)(sql).to_pandas()) for name, sql in questions(ZONE).items()}
