"""A care model lived through again: every night of a past time, with what was known then and a ledger apart.

The nights are the real ones: the same doors, the same engine, the same decisions under that day's consents, caps and
capacities. Nothing that was not sent can have been answered: responses to contacts do not exist here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from dagster_project.domain.clock import end_of_day, naive_utc

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.customers_at import Past
    from dagster_project.adapters.nights import Known, ReadVersion
    from dagster_project.domain.care_models import CareModel
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings

AHEAD = 31  # nights whose customers are worked out together


@dataclass(frozen=True)
class House:
    """What is known today of everything that happened; each night sees the part of it that was known then."""

    past: Past
    events: pa.Table  # customer_events and moves of the lifecycle, by their known_at
    consents_sql: str  # of a table ``statements``
    consents: pa.Table  # customer_consents


@dataclass(frozen=True)
class Relived:
    """What the nights did.

    Attributes:
        first, last: the days played.
        enrolments: ``ENROLMENTS`` as of the last night.
        path: ``TRANSITIONS`` that hold at the end.
        contacts: ``Ledger.contacts()``.
        decisions: of every night, care_model, outcome, stopped_by, channel, count and the night (as_of).
        faults: by care model, why it could not be played.
    """

    first: date
    last: date
    enrolments: pa.Table
    path: pa.Table
    contacts: pa.Table
    decisions: pa.Table
    faults: dict[str, str]


def house_of(settings: Settings) -> House:
    """The newest published version, to be lived through again.

    Raises:
        NotPublished: nothing has been published yet.
    """
    from dagster_project.adapters.customers_at import past_of_published
    from dagster_project.adapters.dbt import compiled
    from dagster_project.adapters.enrolling import ALL_EVENTS
    from dagster_project.adapters.reading import reader

    with reader(settings) as published:
        events = published.table(ALL_EVENTS)
        consents = published.table("select * from customer_360.customer_consents")
    return House(
        past_of_published(settings), events, compiled(settings, "{{ standing_consents('statements') }}"), consents
    )


def relive(
    settings: Settings,
    house: House,
    models: Sequence[CareModel],
    policy: ContactPolicy,
    first: date,
    last: date,
    read: ReadVersion,
    told: Callable[[date], None] = lambda day: None,
) -> Relived:
    """Play every night from one day to another.

    Args:
        settings: for the business zone, the holdout and the salt of draws.
        house: what is known today.
        models: the care models to play.
        policy: the contact policy.
        first, last: days, both included.
        read: makes a care model of a definition the ledger kept.
        told: called with each night that is done.
    """
    import pyarrow as pa

    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.nights import night
    from dagster_project.adapters.sending import count_as_made

    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    decisions: list[pa.Table] = []
    faults: dict[str, str] = {}
    with open_ledger("sqlite://") as ledger:
        for number, day in enumerate(days):
            as_of = end_of_day(day, settings.zone)
            if number % AHEAD == 0:
                house.past.forget(before=as_of)
                house.past.prepare(end_of_day(each, settings.zone) for each in days[number : number + AHEAD])
            count_as_made(ledger, policy.channels, as_of)
            found, decided = night(settings, ledger, models, policy, known_at(house, as_of), as_of, read)
            faults |= found.faults
            decisions.append(_counted(decided.decisions.candidates))
            told(day)
        return Relived(
            first, last, found.enrolments, found.path, ledger.contacts(), pa.concat_tables(decisions), faults
        )


def known_at(house: House, as_of: datetime) -> Known:
    """What of the house was known as of a moment."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from dagster_project.adapters.nights import Known
    from dagster_project.domain.analytics.schema import SEGMENTS

    customers = house.past.at(as_of)
    now = pa.scalar(naive_utc(as_of), pa.timestamp("us"))
    events = house.events.filter(
        pc.and_(pc.less_equal(house.events["known_at"], now), pc.less_equal(house.events["occurred_at"], now))
    )
    nothing = pa.table(
        {name: pa.array([], pa.string()) for name in ("contact_id", "response")}
        | {name: pa.array([], pa.timestamp("us")) for name in ("occurred_at", "known_at")}
    )
    nobody = pa.table({name: pa.array([], pa.string()) for name in ("alias_customer_id", "customer_id")})
    return Known(
        customers=customers,
        events=events,
        responses=nothing,
        consents=_consents_at(house, now),
        aliases=nobody,
        segments=SEGMENTS.empty_table(),
        customers_at=house.past.at,
    )


def _consents_at(house: House, now: pa.Scalar) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    made = house.consents.filter(
        pc.and_(pc.less_equal(house.consents["known_at"], now), pc.less_equal(house.consents["occurred_at"], now))
    )
    # A version published before consents had an end has no such column.
    ends = made["expires_at"] if "expires_at" in made.column_names else pa.nulls(made.num_rows, now.type)
    has_expired = pc.fill_null(pc.less_equal(ends, now), False)
    house.past.connection.register("statements", made.append_column("has_expired", has_expired))
    try:
        return house.past.connection.execute(f"{house.consents_sql} order by all").to_arrow_table()
    finally:
        house.past.connection.unregister("statements")


def _counted(candidates: pa.Table) -> pa.Table:
    """How many candidates of a night came how far."""
    keys = ["care_model", "step", "channel", "outcome", "stopped_by", "as_of"]
    return candidates.group_by(keys).aggregate([("candidate_id", "count")]).select([*keys, "candidate_id_count"])
