"""What a care model would have done in a past time, in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.clock import business_date, naive_utc

if TYPE_CHECKING:
    import pandas as pd

THIN = 30  # entries: fewer say nothing about shares, their interval is wider than 35 points
GONE_AFTER = 90  # days without a purchase at the end of the time played: counted as gone
FOLLOWED_FOR = 60  # days after an entry in which a purchase counts as coming back


@dataclass(frozen=True)
class Figures:
    """The figures of one care model.

    Attributes:
        care_model: its name.
        first, last: the days played.
        entered: enrolments; of them in_control.
        in_control: in the control group.
        contacts: by channel, contacts made.
        cost: of them, in the reporting currency.
        steps: of each action, how many contacts.
        outcomes: how enrolments ended; those that go on are under ``inside``.
        by_month: month, enrolments (by the night that enrolled), contacts.
        stopped: by rule, candidates stopped (a candidate that waits is counted each night).
        waited: days from entry to the first contact, of each enrolment that had one.
        quiet_for: days since the last purchase at the entry, of each that had one.
        followed: enrolments whose next FOLLOWED_FOR days lie inside the time played.
        bought_again: of them, those with a purchase in these days.
        gone: customers who had bought before, and did not in the last GONE_AFTER days.
        gone_noticed: of them, those who entered.
        gone_early: of those, how many days after (negative: before) their last purchase they were noticed.
        overlaps: by other care model, customers in both, and those contacted by both within a week.
    """

    care_model: str
    first: date
    last: date
    entered: int
    in_control: int
    contacts: Mapping[str, int]
    cost: float
    steps: Mapping[str, int]
    outcomes: Mapping[str, int]
    by_month: Sequence[tuple[str, int, int]]
    stopped: Mapping[str, int]
    waited: Sequence[int]
    quiet_for: Sequence[int]
    followed: int
    bought_again: int
    gone: int
    gone_noticed: int
    gone_early: Sequence[int]
    overlaps: Mapping[str, tuple[int, int]]

    @property
    def is_thin(self) -> bool:
        """Whether there is too little history to say anything about shares."""
        return self.entered < THIN


def figures(
    care_model: str, enrolments: pa.Table, contacts: pa.Table, decisions: pa.Table, purchases: pa.Table,
    first: date, last: date, zone: ZoneInfo,
) -> Figures:  # fmt: skip
    """The figures of one of the care models that were played.

    Args:
        care_model: which.
        enrolments: ``ENROLMENTS`` of all models at the end.
        contacts: ``Ledger.contacts()``.
        decisions: care_model, step, channel, outcome, stopped_by, as_of, candidate_id_count of every night.
        purchases: customer_id, occurred_at of every purchase ever known.
        first, last: the days played.
        zone: the business zone.
    """
    mine = _of(enrolments, care_model).to_pandas()
    made = _of(contacts, care_model).to_pandas()
    bought = purchases.to_pandas().sort_values("occurred_at")
    told = _of(decisions, care_model).to_pandas()
    stops = told[told["outcome"] == "stopped"].groupby("stopped_by")["candidate_id_count"].sum()
    entered = _days(mine["entered_at"], zone)
    at_contact = _days(made["planned_for"], zone)
    firsts = made.assign(day=at_contact).groupby("enrolment_id")["day"].min()
    waits = mine.assign(day=entered).set_index("enrolment_id")["day"].reindex(firsts.index)
    end = _end(last, zone)
    followed, bought_again = _followed(mine, bought, end)
    gone, early = _gone(mine, bought, first, end, zone)
    return Figures(
        care_model=care_model,
        first=first,
        last=last,
        entered=len(mine),
        in_control=int(mine["is_control"].sum()),
        contacts=_counts(made["channel"]),
        cost=float(sum(made["cost"], start=0)),
        steps=_counts(made["step"]),
        outcomes=_counts(mine["outcome"].fillna("inside")),
        by_month=_by_month(_days(mine["enrolled_as_of"], zone), at_contact, first, last),
        stopped={str(rule): int(count) for rule, count in stops.sort_values(ascending=False).items()},
        waited=[(day - since).days for day, since in zip(firsts, waits, strict=True)],
        quiet_for=_quiet_for(mine, bought),
        followed=followed,
        bought_again=bought_again,
        gone=gone,
        gone_noticed=len(early),
        gone_early=early,
        overlaps=_overlaps(care_model, enrolments.to_pandas(), contacts.to_pandas(), zone),
    )


def _of(rows: pa.Table, care_model: str) -> pa.Table:
    return rows.filter(pc.equal(rows["care_model"], care_model)).combine_chunks()


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in values.value_counts().sort_index().items()}


def _days(moments: pd.Series, zone: ZoneInfo) -> pd.Series:
    import pandas as pd

    return pd.Series(
        [business_date(moment.to_pydatetime().replace(tzinfo=UTC), zone) for moment in moments],
        index=moments.index, dtype="object",
    )  # fmt: skip


def _end(last: date, zone: ZoneInfo) -> datetime:
    return naive_utc(datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1))


def _by_month(entered: pd.Series, contacted: pd.Series, first: date, last: date) -> list[tuple[str, int, int]]:
    months, day = [], first.replace(day=1)
    while day <= last:
        months.append(day.strftime("%Y-%m"))
        day = (day + timedelta(days=32)).replace(day=1)
    of = {"in": [one.strftime("%Y-%m") for one in entered], "met": [one.strftime("%Y-%m") for one in contacted]}
    return [(month, of["in"].count(month), of["met"].count(month)) for month in months]


def _last_before(rows: pd.DataFrame, bought: pd.DataFrame, moment: str) -> pd.DataFrame:
    """Each row with the customer's newest purchase up to a moment of it."""
    import pandas as pd

    asked = rows[["customer_id", moment]].rename(columns={moment: "asked_at"}).sort_values("asked_at")
    known = bought.assign(bought_at=bought["occurred_at"])
    return pd.merge_asof(asked, known, left_on="asked_at", right_on="occurred_at", by="customer_id")


def _quiet_for(mine: pd.DataFrame, bought: pd.DataFrame) -> list[int]:
    found = _last_before(mine, bought, "entered_at").dropna(subset=["bought_at"])
    return sorted(int(days) for days in (found["asked_at"] - found["bought_at"]).dt.days)


def _followed(mine: pd.DataFrame, bought: pd.DataFrame, end: datetime) -> tuple[int, int]:
    """How many entries were followed long enough, and how many of them bought again."""
    import pandas as pd

    span = timedelta(days=FOLLOWED_FOR)
    told = mine[mine["entered_at"] + span <= end]
    later = _last_before(told.assign(until=told["entered_at"] + span), bought, "until")
    since = told.sort_values("entered_at")["entered_at"].to_numpy()
    came_back = pd.Series(later["bought_at"].to_numpy() > since)
    return len(told), int(came_back.sum())


def _gone(
    mine: pd.DataFrame, bought: pd.DataFrame, first: date, end: datetime, zone: ZoneInfo
) -> tuple[int, list[int]]:  # fmt: skip
    """How many left, and how many days after their last purchase those who entered were noticed."""
    newest = bought[bought["occurred_at"] <= end].groupby("customer_id")["occurred_at"].max()
    start = naive_utc(datetime(first.year, first.month, first.day, tzinfo=zone))
    gone = newest[(newest <= end - timedelta(days=GONE_AFTER)) & (newest > start)]
    entries = mine.groupby("customer_id")["entered_at"].min()
    noticed = entries.reindex(gone.index).dropna()
    early = (noticed - gone.reindex(noticed.index)).dt.days
    return len(gone), sorted(int(days) for days in early)


def _overlaps(
    care_model: str, enrolments: pd.DataFrame, contacts: pd.DataFrame, zone: ZoneInfo
) -> dict[str, tuple[int, int]]:  # fmt: skip
    inside = {str(name): set(rows["customer_id"]) for name, rows in enrolments.groupby("care_model")}
    met = {str(name): rows[["customer_id", "planned_for"]] for name, rows in contacts.groupby("care_model")}
    found: dict[str, tuple[int, int]] = {}
    for other in sorted(set(inside) - {care_model}):
        both = inside.get(care_model, set()) & inside[other]
        close = 0
        if care_model in met and other in met:
            pairs = met[care_model].merge(met[other], on="customer_id", suffixes=("", "_other"))
            near = (pairs["planned_for"] - pairs["planned_for_other"]).abs() <= timedelta(days=7)
            close = int(pairs[near]["customer_id"].nunique())
        found[other] = (len(both), close)
    return found
