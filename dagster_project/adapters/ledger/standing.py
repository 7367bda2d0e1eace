"""What the ledger knows about a set of contacts, read in one look with a few joins."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Column, Connection, String, and_, select, union

from dagster_project.adapters.ledger.aliases import known_ids, look_up, people
from dagster_project.adapters.ledger.consents import allowing_consents, asked, held_out_keys, suppressing_reasons
from dagster_project.adapters.ledger.frames import columns_of, filled, rows_of, temporary
from dagster_project.adapters.ledger.households import household_of, mates
from dagster_project.adapters.ledger.tables import LIVE, MADE, capacity_counters, contacts
from dagster_project.adapters.ledger.volumes import read_volumes
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.standing import Standing, Taken

proposed = temporary(
    "proposed",
    Column("contact_id", String(64), primary_key=True),
    Column("customer_id", String(64), nullable=False),
    Column("care_model", String(128), nullable=False),
    Column("step", String(128), nullable=False),
    Column("window_key", String(1024), nullable=False),
    Column("channel", String(128), nullable=False),
)


def read_standing(connection: Connection, plan: pa.Table, policy: ContactPolicy, as_of: datetime) -> Standing:
    """Everything the rules ask about these contacts.

    Args:
        connection: inside a transaction; the writer's when a claim follows.
        plan: contact_id, customer_id, care_model, step, window_key, channel, purpose, planned_date.
        policy: says how far its rules look, whether households count, and which volumes.
        as_of: the moment of the decision.
    """
    if plan.num_rows == 0:
        return Standing()
    columns = columns_of(plan, ["purpose", *proposed.c.keys()])
    questions = {name: columns[name] for name in ("customer_id", "purpose", "channel")} | {"key": columns["contact_id"]}
    proposals = {name: columns[name] for name in proposed.c.keys()}  # noqa: SIM118
    around = timedelta(days=policy.longest_window)
    days = pc.min_max(plan["planned_date"]).as_py()
    first, last = days["min"] - around, days["max"] + around
    with (
        filled(connection, asked, questions),
        filled(connection, people),
        filled(connection, known_ids),
        filled(connection, proposed, proposals),
    ):
        ids = select(asked.c.customer_id.label("id"))
        look_up(connection, union(ids, mates()) if policy.asks_households else ids)
        stands, repeated = _had_before(connection, as_of)
        return Standing(
            consent_ids=allowing_consents(connection, as_of),
            suppressed=suppressing_reasons(connection),
            held_out=held_out_keys(connection),
            stands=stands,
            repeated=repeated,
            today=_today(connection),
            taken=_taken(connection, first, last),
            households=household_of(connection) if policy.asks_households else {},
            used=_used(connection, days["min"], days["max"]),
            volumes=read_volumes(connection, set(plan["planned_date"].to_pylist()), policy.volumes),
        )


def _today(connection: Connection) -> dict[str, str]:
    query = select(people.c.asked_id, people.c.today_id).where(people.c.asked_id != people.c.today_id)
    return {asked_id: today_id for asked_id, today_id in rows_of(connection, query)}


def _had_before(connection: Connection, as_of: datetime) -> tuple[frozenset[str], frozenset[str]]:
    """Contacts that stand as decided for this very moment, and those their customer had under any id before."""
    moment = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    same_step = [contacts.c[name] == proposed.c[name] for name in ("care_model", "step", "window_key", "channel")]
    query = (
        select(proposed.c.contact_id, contacts.c.contact_id, contacts.c.status, contacts.c.decided_as_of)
        .join(known_ids, known_ids.c.asked_id == proposed.c.customer_id)
        .join(contacts, and_(contacts.c.customer_id == known_ids.c.known_id, *same_step))
    )
    stands: set[str] = set()
    repeated: set[str] = set()
    for contact_id, earlier, status, decided_as_of in rows_of(connection, query):
        is_itself = earlier == contact_id and decided_as_of == moment and status in LIVE
        (stands if is_itself else repeated).add(contact_id)
    return frozenset(stands - repeated), frozenset(repeated)


def _taken(connection: Connection, first: date, last: date) -> dict[str, tuple[Taken, ...]]:
    names = ("contact_id", "planned_date", "channel", "action_class", "purpose", "care_model", "step")
    columns = [*(contacts.c[name] for name in names), contacts.c.status.in_(MADE)]
    query = (
        select(people.c.today_id, *columns)
        .distinct()
        .join(known_ids, known_ids.c.asked_id == people.c.asked_id)
        .join(contacts, contacts.c.customer_id == known_ids.c.known_id)
        .where(contacts.c.status.in_(LIVE), contacts.c.planned_date.between(first, last))
    )
    taken: defaultdict[str, list[Taken]] = defaultdict(list)
    for row in rows_of(connection, query):
        taken[row[0]].append(Taken(*row[1:]))
    return {customer_id: tuple(contacts_of) for customer_id, contacts_of in taken.items()}


def _used(connection: Connection, first: date, last: date) -> dict[tuple[str, date], int]:
    counters = capacity_counters
    query = select(counters.c.channel, counters.c.day, counters.c.used).where(counters.c.day.between(first, last))
    return {(channel, day): used for channel, day, used in rows_of(connection, query)}
