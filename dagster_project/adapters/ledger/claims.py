"""Claims: from a plan to contacts that are ours to make, in one transaction that checks everything again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, bindparam, insert, select, update

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import columns_of, measure, put, rows_of
from dagster_project.adapters.ledger.standing import read_standing
from dagster_project.adapters.ledger.tables import capacity_counters, contacts
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.recheck import refusals
from dagster_project.domain.decisions.standing import Standing
from dagster_project.errors import HoivaError

# What the claim adds to the plan's columns, or fills in again; and what later changes a contact.
_OWN = (
    "consent_id", "decided_as_of", "claimed_at", "status", "reason", "batch_id", "count_refused", "waits_until"
)  # fmt: skip
PLANNED = [name for name in contacts.c.keys() if name not in _OWN]  # noqa: SIM118

MANY = 1_000  # contacts in one claim: fewer are left to the database's own housekeeping


@dataclass(frozen=True)
class Claimed:
    """What became of a plan.

    Attributes:
        claimed: contacts that are new.
        standing: contacts that an earlier run for the same moment had claimed.
        refused: contact id to the stage that stopped it; none of these may be made.
    """

    claimed: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)


class Claims(Connected):
    """Reserving contacts."""

    def standing(self, plan: pa.Table, policy: ContactPolicy, as_of: datetime) -> Standing:
        """What the ledger knows about these proposals now. A claim looks again."""
        with self.reading() as connection:
            return read_standing(connection, plan, policy, as_of)

    def claim(self, plan: pa.Table, policy: ContactPolicy, as_of: datetime, at: datetime | None = None) -> Claimed:
        """Reserve the planned contacts, as far as everything still allows it at this instant.

        Consent, suppression, holdout, repetition, caps and capacities are checked under the ledger's write lock and
        the contacts written before it is given up, so two runs at once can never pass a limit together.

        Args:
            plan: ``PLAN_SCHEMA``; each contact once.
            policy: the contact policy.
            as_of: the moment of the decision. The same plan claimed again for it claims nothing new.
            at: when this happens; ``as_of`` unless told.

        Raises:
            HoivaError: the plan names a contact twice; then nothing is claimed.
        """
        if pc.count_distinct(plan["contact_id"]).as_py() < plan.num_rows:
            raise HoivaError("the plan names a contact twice: nothing was claimed")
        with self.writing() as connection:
            standing = self._look(connection, plan, policy, as_of)
            refused = refusals(plan, standing, policy)
            return _write(connection, plan, policy, standing, refused, as_of, at or as_of)

    def _look(self, connection: Connection, plan: pa.Table, policy: ContactPolicy, as_of: datetime) -> Standing:
        return read_standing(connection, plan, policy, as_of)


def _write(
    connection: Connection,
    plan: pa.Table,
    policy: ContactPolicy,
    standing: Standing,
    refused: dict[str, str],
    as_of: datetime,
    at: datetime,
) -> Claimed:
    ids = plan["contact_id"].to_pylist()
    open_ids = [contact_id for contact_id in ids if contact_id not in refused]
    stood = tuple(contact_id for contact_id in open_ids if contact_id in standing.stands)
    claimed = tuple(contact_id for contact_id in open_ids if contact_id not in standing.stands)
    fresh = set(claimed)
    rows = plan.filter(pa.array([contact_id in fresh for contact_id in ids], pa.bool_()))
    columns = columns_of(rows, PLANNED) | {
        "consent_id": [standing.consent_ids[contact_id] for contact_id in claimed],
        "decided_as_of": [as_of] * len(claimed),
        "claimed_at": [at] * len(claimed),
        "status": ["claimed"] * len(claimed),
    }
    put(connection, contacts, columns)
    if len(claimed) >= MANY:
        measure(connection, contacts)
    count(connection, Counter(zip(columns["channel"], columns["planned_date"], strict=True)), policy)
    return Claimed(claimed, stood, refused)


def count(connection: Connection, more: Counter[tuple[str, date]], policy: ContactPolicy | None = None) -> None:
    """Move the counters of channels and days by what was claimed (or, negative, given back).

    The database refuses a counter below zero or above its capacity: a second lock on the same door. A capacity that
    was lowered below what is claimed already stays at what is claimed.
    """
    counters = capacity_counters
    columns = (counters.c.channel, counters.c.day, counters.c.used, counters.c.capacity)
    known = {(channel, day): (used, capacity) for channel, day, used, capacity in rows_of(connection, select(*columns))}
    fresh, changed = [], []
    for (channel, day), number in sorted(more.items()):
        used, capacity = known.get((channel, day), (0, None))
        if policy is not None:
            allowed = policy.channels[channel].daily_capacity
            capacity = None if allowed is None else max(allowed, used)
        if (channel, day) in known:
            changed.append({"a_channel": channel, "a_day": day, "more": number, "a_capacity": capacity})
        else:
            fresh.append({"channel": channel, "day": day, "used": number, "capacity": capacity})
    if fresh:
        connection.execute(insert(counters), fresh)
    if changed:
        same = (counters.c.channel == bindparam("a_channel"), counters.c.day == bindparam("a_day"))
        values = {"used": counters.c.used + bindparam("more"), "capacity": bindparam("a_capacity")}
        connection.execute(update(counters).where(*same).values(values), changed)
