"""Nights of all shipped care models over a home's past, and what the engine makes of the same record otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.advancing import Advance, Facts, advance_all
from dagster_project.adapters.backtest import House, known_at
from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.nights import Known, Night, night
from dagster_project.adapters.sending import count_as_made
from dagster_project.components.care_model import load_care_models, model_of
from dagster_project.components.trying import contact_policy
from dagster_project.domain.care_models.engine.schema import TRANSITIONS
from dagster_project.domain.clock import end_of_day, naive_utc
from dagster_project.settings import Settings

MOMENT = pa.timestamp("us")
ANSWERS = ("opened", "any_opened", "reached", "satisfied", "code_used", "accepted", "met")


@dataclass
class Lived:
    """A ledger after many nights, and what each of them found."""

    own: Settings
    house: House
    ledger: Ledger
    nights: dict[datetime, Night] = field(default_factory=dict)

    @property
    def last(self) -> datetime:
        """The moment of the last night."""
        return max(self.nights)

    def known(self, as_of: datetime) -> Known:
        """What was known then, with answers to a third of the contacts, some of them heard of days later."""
        return replace(known_at(self.house, as_of), responses=answers(self.ledger.contacts(), as_of))

    def again(self, as_of: datetime, since: datetime | None = None, transitions: pa.Table | None = None) -> Advance:
        """Everyone moved on to a moment by the record of enrolments, contacts and events, whatever was found then."""
        known = self.known(as_of)
        models = [each.as_model() for each in load_care_models().items.values()]
        facts = Facts(
            transitions=TRANSITIONS.empty_table() if transitions is None else transitions,
            contacts=self.ledger.contacts(),
            events=known.events,
            responses=known.responses,
            customers=known.customers,
            customers_at=known.customers_at,
            held_out=frozenset(self.ledger.held_out()),
            as_of=as_of,
            since=since,
            zone=self.own.zone,
            salt=self.own.holdout_salt,
        )
        versions = {(model.care_model, model.version): model for model in models}
        return advance_all(versions, self.ledger.enrolments(), facts)


def live(own: Settings, house: House, ledger: Ledger, first: date, count: int) -> Lived:
    """Play so many nights of all shipped care models, one after the other."""
    lived = Lived(own, house, ledger)
    models = [each.as_model() for each in load_care_models().items.values()]
    policy = contact_policy()
    days = [end_of_day(first + timedelta(days=ahead), own.zone) for ahead in range(count)]
    for number, as_of in enumerate(days):
        if number % 31 == 0:
            house.past.prepare(days[number : number + 31])
        count_as_made(ledger, policy.channels, as_of)
        found, _ = night(own, ledger, models, policy, lived.known(as_of), as_of, model_of)
        assert not found.faults
        lived.nights[as_of] = found
    return lived


def answers(contacts: pa.Table, as_of: datetime) -> pa.Table:
    """What comes back of contacts by a moment: the same for a contact whenever it is asked."""
    rows = []
    for contact, planned in zip(contacts["contact_id"].to_pylist(), contacts["planned_for"].to_pylist(), strict=True):
        drawn = int(contact[:6], 16)
        answered = planned.replace(tzinfo=UTC) + timedelta(hours=drawn % 90)
        heard = answered + timedelta(hours=30 * (drawn % 4))
        if drawn % 3 == 0 and heard <= as_of:
            rows += [(contact, answer, naive_utc(answered), naive_utc(heard)) for answer in ANSWERS]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    kinds = {"contact_id": pa.string(), "response": pa.string(), "occurred_at": MOMENT, "known_at": MOMENT}
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(kinds.items(), columns, strict=True)})


def told(path: pa.Table) -> list[tuple[object, ...]]:
    """A path apart from when it was recorded."""
    rows = path.drop_columns(["recorded_as_of"]).sort_by([("enrolment_id", "ascending"), ("position", "ascending")])
    return [tuple(row.values()) for row in rows.to_pylist()]


def stands(standings: pa.Table, leave_out: Iterable[str] = ("due_at", "anchored_at")) -> list[tuple[object, ...]]:
    """Where everyone stands."""
    rows = standings.drop_columns(list(leave_out)).sort_by("enrolment_id")
    return [tuple(row.values()) for row in rows.to_pylist()]


def dropped(path: pa.Table) -> list[tuple[object, ...]]:
    """What grew too old to be done, by enrolment and step."""
    return told(path.filter(pc.equal(path["did"], "dropped")))
