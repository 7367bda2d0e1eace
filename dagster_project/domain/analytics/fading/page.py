"""The page ``fading_high_value``: the month's group, its flow, who is in it, and how right the flag has been."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from dagster_project.domain.analytics.fading.flow import FOLLOWED_FOR
from dagster_project.domain.analytics.fading.pictures import flow_svg, months_svg
from dagster_project.domain.analytics.fading.report import FadingReport
from dagster_project.domain.analytics.fading.schema import MOVEMENTS
from dagster_project.domain.clock import business_date
from dagster_project.domain.pages.page import Figure, Numbers, Page, Section, Value, written_day

NAME = "fading_high_value"
MOST_SHOWN = 50  # customers in the list: a page to read; the table has them all

THE_MONTH = """select count_before, count_new, count_returned, count_saved, count_lost, count_after,
    value_before_amount, value_new_amount, value_returned_amount, value_saved_amount, value_lost_amount,
    value_changed_amount, value_after_amount
from analytics.fading_high_value_flow
where to_as_of = as_of"""
THE_MONTHS = """select from_as_of, to_as_of, count_before, count_new, count_returned, count_saved, count_lost,
    count_after, value_after_amount
from analytics.fading_high_value_flow
order by to_as_of"""
THE_LIST = f"""select customer_id, value_tier, value_at_risk_amount, days_since_last_purchase, expected_gap_days,
    movement
from analytics.fading_high_value
where is_in_group
order by value_at_risk_amount desc, customer_id
limit {MOST_SHOWN}"""
THE_REASONS = """select movement, reason, count(*) as count_customers,
    sum(value_at_risk_amount) as value_now, sum(value_before_amount) as value_then
from analytics.fading_high_value
group by movement, reason
order by movement, reason"""
THE_FLAG = """select to_as_of, count_followed, count_still_silent, quality
from analytics.fading_high_value_flow
where count_followed > 0
order by to_as_of"""


def fading_page(report: FadingReport, as_of: datetime, zone: ZoneInfo) -> Page:
    """The page of the month.

    Args:
        report: the group and its flow.
        as_of: the moment asked about (aware).
        zone: the business zone, in which days are told.
    """
    flows = report.flow.to_pylist()
    month = flows[-1]
    since = _day(month["from_as_of"], zone)
    return Page(
        title="Valuable customers growing quiet",
        subtitle=(
            "Who stays away longer than their own rhythm would have it, among the best fifth of those who bought "
            "within the year: what they bring in a year is at risk, and a word still helps."
        ),
        as_of=as_of,
        headline=[
            ("customers in the group", month["count_after"]),
            ("a year's purchases at risk", month["value_after_amount"]),
            *((f"{movement} since {since}", month[f"count_{movement}"]) for movement in MOVEMENTS),
        ],
        sections=[
            _of_the_month(month, since),
            _of_reasons(report),
            *_of_the_months(flows, zone),
            _of_customers(report),
            _of_the_flag(flows, zone),
        ],
    )


def _of_the_month(month: Mapping[str, Any], since: str) -> Section:
    told = (
        f"{month['count_before']} on {since}, {month['count_new']} new, {month['count_returned']} who had been in it "
        f"before, {month['count_saved']} who bought again, {month['count_lost']} who left without buying: "
        f"{month['count_after']} now."
    )
    rows: list[list[Value]] = [
        ["on " + since, month["count_before"], month["value_before_amount"]],
        ["+ new", month["count_new"], month["value_new_amount"]],
        ["+ returned", month["count_returned"], month["value_returned_amount"]],
        ["− saved", month["count_saved"], month["value_saved_amount"]],
        ["− lost", month["count_lost"], month["value_lost_amount"]],
        ["change of those who stayed", None, month["value_changed_amount"]],
        ["= now", month["count_after"], month["value_after_amount"]],
    ]
    return Section(
        "What the month did",
        "Saved: left the group by buying. Lost: left it without. Returned: had been in it within the half year before.",
        [
            Figure("From one month to the next, in customers", flow_svg(month), told, THE_MONTH),
            Numbers("The same in numbers, adding up", ["", "customers", "a year's purchases"], rows, "", THE_MONTH),
        ],
    )


def _of_reasons(report: FadingReport) -> Section:
    columns = ["movement", "reason", "customers", "at risk now", "at risk then"]
    table = Numbers("Everyone of this month and the last", columns, _reasons(report), "", THE_REASONS)
    return Section("Why they came and why they left", "", [table])


def _reasons(report: FadingReport) -> list[list[Value]]:
    rows = report.members.group_by(["movement", "reason"]).aggregate(
        [([], "count_all"), ("value_at_risk_amount", "sum"), ("value_before_amount", "sum")]
    )
    rows = rows.sort_by([("movement", "ascending"), ("reason", "ascending")])
    names = ("movement", "reason", "count_all", "value_at_risk_amount_sum", "value_before_amount_sum")
    return [[row[name] for name in names] for row in rows.to_pylist()]


def _of_the_months(flows: list[dict[str, Any]], zone: ZoneInfo) -> list[Section]:
    rows: list[list[Value]] = [
        [
            _short_day(row["to_as_of"], zone),
            row["count_before"],
            *(row[f"count_{movement}"] for movement in MOVEMENTS),
            row["count_after"],
            row["value_after_amount"],
        ]
        for row in flows
    ]
    least, most = min(row["count_after"] for row in flows), max(row["count_after"] for row in flows)
    told = f"The group had between {least} and {most} customers at the ends of these months."
    table = Numbers(
        "Month by month", ["until", "before", *MOVEMENTS, "after", "a year's purchases at risk"], rows, "", THE_MONTHS
    )
    picture = Figure("Customers in the group at the end of each month", months_svg(flows, zone), told, THE_MONTHS)
    by_one_rule = "Each month is told by the same rule, so what one ends with the next begins with."
    return [Section("The months before", "", [picture]), Section("Month by month", by_one_rule, [table])]


def _of_customers(report: FadingReport) -> Section:
    inside = report.members.filter(pc.field("is_in_group"))
    inside = inside.sort_by([("value_at_risk_amount", "descending"), ("customer_id", "ascending")])
    names = ("customer_id", "value_tier", "value_at_risk_amount", "days_since_last_purchase", "expected_gap_days")
    rows: list[list[Value]] = [[row[name] for name in (*names, "movement")] for row in inside[:MOST_SHOWN].to_pylist()]
    shown = "all of them" if inside.num_rows <= MOST_SHOWN else f"the {MOST_SHOWN} with most at risk"
    return Section(
        "Who they are",
        f"{inside.num_rows} customers; here {shown}. The table analytics/fading_high_value has everyone.",
        [
            Numbers(
                "The group, most at risk first",
                ["customer", "tier", "a year's purchases", "days silent", "days expected", "movement"],
                rows,
                "",
                THE_LIST,
            )
        ],
    )


def _of_the_flag(flows: list[dict[str, Any]], zone: ZoneInfo) -> Section:
    rows: list[list[Value]] = [
        [_short_day(row["to_as_of"], zone), row["count_followed"], row["count_still_silent"], row["quality"]]
        for row in flows
        if row["count_followed"]
    ]
    followed, silent = (sum(row[name] for row in flows) for name in ("count_followed", "count_still_silent"))
    share = f" Over these months together: {silent} of {followed}, {silent / followed:.0%}." if followed else ""
    return Section(
        "How right the flag was",
        f"Of those in the group {FOLLOWED_FOR} months before each date, so many had bought nothing since." + share,
        [
            Numbers(
                "What became of them",
                ["by", "in the group then", "silent ever since", "share"],
                rows,
                "" if rows else "The base is not old enough to tell.",
                THE_FLAG,
            )
        ],
    )


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return written_day(business_date(moment.replace(tzinfo=UTC), zone))


def _short_day(moment: datetime, zone: ZoneInfo) -> str:
    return business_date(moment.replace(tzinfo=UTC), zone).isoformat()


def at_risk(report: FadingReport) -> Decimal:
    """A year's purchases of everyone in the group tonight: the one telling number."""
    amount: Decimal = report.flow.column("value_after_amount").to_pylist()[-1]
    return amount
