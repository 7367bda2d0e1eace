"""The page of a backtest: reach, timing, cost, and how early those who left were noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from zoneinfo import ZoneInfo

from dagster_project.domain.care_models.backtest.figures import FOLLOWED_FOR, GONE_AFTER, THIN, Figures
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.pages import charts
from dagster_project.domain.pages.page import Figure, Numbers, Page, Section, Value, written_day

STOPS = {
    "consent": "no consent",
    "contactable": "no way to reach them",
    "holdout": "in the holdout",
    "control_group": "in the control group",
    "suppression": "an open complaint or a block",
    "repetition": "had this step already",
    "cap": "contacted often enough",
    "capacity": "no room that day",
}


def backtest_page(model: CareModel, found: Figures, as_of: datetime, zone: ZoneInfo) -> Page:
    """The page of one care model.

    Args:
        model: what was played.
        found: its figures.
        as_of: the moment whose knowledge of the past was used.
        zone: the business zone.
    """
    span = f"{written_day(found.first)} to {written_day(found.last)}"
    headline: list[tuple[str, Value]] = [
        ("customers entered", found.entered),
        ("contacts", sum(found.contacts.values())),
        ("cost", round(found.cost, 2)),
        ("days to the first contact (median)", _middle(found.waited)),
    ]
    sections = [_reach(found), _timing(found)]
    if found.gone and found.quiet_for:
        sections.append(_early(found))
    sections.append(_stops(found))
    if found.overlaps:
        sections.append(_others(found))
    sections.append(_limits(found))
    return Page(
        title=f"{model.title}: the past again",
        subtitle=f"What version {model.version} would have done from {span}, night by night, with what was known then.",
        as_of=as_of,
        headline=headline,
        sections=sections,
    )


def _reach(found: Figures) -> Section:
    import pandas as pd

    told = (
        f"{found.entered:,} enrolments, {found.in_control:,} of them kept as the control group. "
        + ", ".join(f"{count:,} by {channel}" for channel, count in found.contacts.items())
        + (". " if found.contacts else "Nobody would have been contacted. ")
    )
    if found.is_thin:
        told += f"Fewer than {THIN} entered: history is too thin to say anything about shares. "
    told_apart = [
        each for month, came, met in found.by_month for each in ((month, "entered", came), (month, "contacts", met))
    ]
    months = pd.DataFrame(told_apart, columns=["month", "what", "count"])
    blocks: list[Figure | Numbers] = [
        Figure(
            "Month by month",
            charts.lines(months, "month", "count", series="what", kind="O", form=",.0f"),
            "; ".join(f"{month}: {came} entered, {met} contacts" for month, came, met in found.by_month) + ".",
        ),
        Numbers("How it ended", ("outcome", "enrolments"), _largest_first(found.outcomes)),
    ]
    if found.steps:
        blocks.append(Numbers("Contacts by step", ("step", "contacts"), list(found.steps.items())))
    return Section("Reach", told, blocks)


def _timing(found: Figures) -> Section:
    share = "" if found.is_thin or not found.followed else f" ({found.bought_again / found.followed:.0%})"
    told = (
        f"Half of those contacted were met within {_in_days(found.waited)} of their entry. "
        if found.waited
        else "Nobody was met. "
    )
    told += (
        f"Of {found.followed:,} entries whose next {FOLLOWED_FOR} days are known, {found.bought_again:,}{share} bought"
        " in them: as nothing was sent, this is what happens without the care model."
    )
    rows: list[tuple[str, Value]] = [
        ("days from entry to first contact, median", _middle(found.waited)),
        ("the slowest tenth waited at least", _upper(found.waited)),
        ("days since the last purchase at entry, median", _middle(found.quiet_for)),
    ]
    return Section("Timing", told, [Numbers("In days", ("what", "days"), rows)])


def _early(found: Figures) -> Section:
    import pandas as pd

    in_time = sum(days <= 0 for days in found.gone_early)
    told = (
        f"{found.gone:,} customers, of any value, bought in this time and had been silent for {GONE_AFTER} days at its"
        f" end; {found.gone_noticed:,} of them had entered. "
    )
    if found.gone_noticed < THIN:
        told += "Too few to say how early. "
    else:
        told += (
            f"Half of those were noticed at most {_in_days(found.gone_early)} after their last purchase, "
            f"{in_time:,} before it."
        )
    bins = [(-10_000, 0), (1, 14), (15, 30), (31, 45), (46, 60), (61, 90), (91, 10_000)]
    names = ["before it", "1-14", "15-30", "31-45", "46-60", "61-90", "later"]
    counts = [sum(low <= days <= high for days in found.gone_early) for low, high in bins]
    rows = pd.DataFrame({"days": names, "customers": counts})
    figure = Figure(
        "Days between the last purchase and being noticed",
        charts.bars(rows, "days", "customers", title="customers"),
        "; ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True)) + ".",
    )
    return Section("How early the leaving were noticed", told, [figure])


def _stops(found: Figures) -> Section:
    rows = [(STOPS.get(rule, rule), count) for rule, count in found.stopped.items()]
    told = "Why a proposal was not carried out, each night counted: who waits is counted as long as she waits."
    return Section("What stood in the way", told, [Numbers("Stopped by", ("rule", "candidates"), rows)])


def _others(found: Figures) -> Section:
    rows = [(other, both, close) for other, (both, close) in found.overlaps.items()]
    told = "The other care models lived through the same nights; one place decided for all of them."
    heads = ("care model", "customers in both", "contacted by both within a week")
    return Section("Beside the other care models", told, [Numbers("Overlaps", heads, rows)])


def _limits(found: Figures) -> Section:
    told = (
        "Nothing was really sent, so nothing could be answered: paths go on as for customers who do not react, and no"
        " effect of the care model is in these figures. Who is whom is as known today. Scores that a model gives"
        " (churn, lifetime value, persona) are unknown for past days: a condition on them holds for nobody."
    )
    return Section("What this cannot tell", told)


def _largest_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: -each[1])


def _in_days(values: Sequence[int]) -> str:
    middle = _middle(values)
    return f"{middle} day{'' if middle == 1 else 's'}"


def _middle(values: object) -> Value:
    numbers = list(values)  # type: ignore[call-overload]
    return round(median(numbers)) if numbers else None


def _upper(values: object) -> Value:
    numbers = sorted(values)  # type: ignore[call-overload]
    return numbers[int(len(numbers) * 0.9)] if numbers else None
