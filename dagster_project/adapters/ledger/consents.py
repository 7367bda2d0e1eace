"""Who may be contacted, as the ledger knows it: consents, suppressions and the holdout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Boolean, Column, Connection, String, and_, bindparam, delete, func, insert, or_, select, update

from dagster_project.adapters.ledger.aliases import known_ids, look_up, people, today_of
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import (
    Columns,
    as_table,
    columns_of,
    filled,
    measure,
    picked,
    picks,
    put,
    rows_of,
    temporary,
    values_of,
)
from dagster_project.adapters.ledger.marks import mark
from dagster_project.adapters.ledger.tables import consents, customer_aliases, holdouts, suppressions
from dagster_project.adapters.ledger.types import UtcMoment
from dagster_project.adapters.ledger.watching import naming
from dagster_project.domain.decisions.suppression import EVERY, OPTED_OUT, WITHDRAWN, Suppression

# What is asked: may this customer be contacted for this purpose on this channel? ``key`` names the question.
asked = temporary(
    "asked",
    Column("key", String(64), primary_key=True),
    Column("customer_id", String(64), nullable=False),
    Column("purpose", String(128), nullable=False),
    Column("channel", String(128), nullable=False),
)
# Consents as of now, on their way in.
known_now = temporary(
    "known_consents",
    Column("customer_id", String(64), primary_key=True),
    Column("purpose", String(128), primary_key=True),
    Column("channel", String(128), primary_key=True),
    Column("is_allowed", Boolean, nullable=False),
    Column("consent_id", String(64)),
    Column("decided_at", UtcMoment),
    Column("expires_at", UtcMoment),
)
KEY = ("customer_id", "purpose", "channel")
REST = ("is_allowed", "consent_id", "decided_at", "expires_at")
NO_CONSENT, SUPPRESSED, HELD_OUT = "no_consent", "suppressed", "held_out"


def allowing_consents(connection: Connection, moment: datetime | None = None) -> dict[str, str]:
    """Of the questions in ``asked``: key to the consent that allows it. Missing: none does, or one denies.

    A consent that cannot be cited is none, and so is one that has expired by the moment (None: whenever it expires).
    """
    same = and_(consents.c.purpose == asked.c.purpose, consents.c.channel == asked.c.channel)
    by_person = asked.join(people, people.c.asked_id == asked.c.customer_id)
    found = select(asked.c.key, consents.c.consent_id).select_from(
        by_person.join(consents, and_(consents.c.customer_id == people.c.today_id, same))
    )
    by_id = asked.join(known_ids, known_ids.c.asked_id == asked.c.customer_id)
    denied = select(asked.c.key).select_from(
        by_id.join(consents, and_(consents.c.customer_id == known_ids.c.known_id, same))
    )
    allowed = {key: consent_id for key, consent_id in rows_of(connection, found.where(*cited(moment)))}
    for key in values_of(connection, denied.where(~consents.c.is_allowed)):
        allowed.pop(key, None)
    return allowed


def cited(moment: datetime | None) -> list[Any]:
    """What holds of a consent that allows something at a moment (None: at some moment)."""
    holds = [consents.c.is_allowed, consents.c.consent_id.is_not(None)]
    if moment is not None:
        holds.append(or_(consents.c.expires_at.is_(None), consents.c.expires_at > moment))
    return holds


def suppressing_reasons(connection: Connection) -> dict[str, str]:
    """Of the questions in ``asked``: key to why the customer, under any id, must not be contacted."""
    covers = and_(
        suppressions.c.customer_id == known_ids.c.known_id,
        suppressions.c.purpose.in_([asked.c.purpose, EVERY]),
        suppressions.c.channel.in_([asked.c.channel, EVERY]),
    )
    by_id = asked.join(known_ids, known_ids.c.asked_id == asked.c.customer_id).join(suppressions, covers)
    found = select(asked.c.key, func.min(suppressions.c.reason)).select_from(by_id).group_by(asked.c.key)
    return {key: reason for key, reason in rows_of(connection, found)}


def held_out_keys(connection: Connection) -> frozenset[str]:
    """Of the questions in ``asked``: those about customers in the holdout under any id."""
    by_id = asked.join(known_ids, known_ids.c.asked_id == asked.c.customer_id)
    found = select(asked.c.key).select_from(by_id.join(holdouts, holdouts.c.customer_id == known_ids.c.known_id))
    return frozenset(values_of(connection, found))


def blocked_of(connection: Connection, questions: Columns, moment: datetime | None = None) -> dict[str, str]:
    """Key to the reason, of those questions whose answer is no.

    Args:
        questions: key, customer_id, purpose, channel; each key once.
        moment: when it is asked: a consent that has expired by then allows nothing.
    """
    with _asking(connection, questions):
        allowed = allowing_consents(connection, moment)
        blocked = {key: NO_CONSENT for key in questions["key"] if key not in allowed}
        blocked |= dict.fromkeys(suppressing_reasons(connection), SUPPRESSED)
        blocked |= dict.fromkeys(held_out_keys(connection), HELD_OUT)
    return blocked


def cited_by(connection: Connection, questions: Columns, moment: datetime) -> dict[str, str]:
    """Key to the consent that allows it, of those questions whose answer consents do not deny."""
    with _asking(connection, questions):
        return allowing_consents(connection, moment)


@contextmanager
def _asking(connection: Connection, questions: Columns) -> Iterator[None]:
    """The questions in ``asked``, and every id of those they are about."""
    with filled(connection, asked, questions), filled(connection, people), filled(connection, known_ids):
        look_up(connection, select(asked.c.customer_id.label("id")))
        yield


def questions_about(customer_ids: Iterable[str], purpose: str, channel: str) -> Columns:
    """The same question about many customers, with the customer's id as the key."""
    ids = sorted(set(customer_ids))
    return {"key": ids, "customer_id": ids, "purpose": [purpose] * len(ids), "channel": [channel] * len(ids)}


class Consents(Connected):
    """What stands between a customer and a contact."""

    def sync_consents(self, consents_current: pa.Table, at: datetime) -> bool:
        """Replace the consents known by today's; write only what changed.

        A suppression for a withdrawal ends when the same customer gave a consent for the same purpose and channel
        after it was recorded.

        Args:
            consents_current: customer_id, purpose, channel, is_allowed, consent_id, decided_at and, where consents end,
                expires_at. Of two rows for the same three the denial counts.
            at: the moment they are of.

        Returns:
            False when newer ones are known. Then only denials newer than the consent they deny are taken in: a replay
            of the past brings no consent back, and a withdrawal is never lost.
        """
        with self.writing() as connection:
            is_newest = mark(connection, "consents", at)
            with filled(connection, known_now, _strictest(consents_current)):
                (_replace_all if is_newest else _deny)(connection)
            measure(connection, consents)
            lift_answered(connection)
        return is_newest

    def suppress(self, suppressed: Iterable[Suppression], at: datetime) -> int:
        """Stop contacts from this moment on, before any model has run: returns how many rows are new.

        A suppression that is there already becomes as recent as this one.
        """
        rows = {(one.customer_id, one.purpose, one.channel, one.reason): one for one in suppressed}
        columns = ("customer_id", "purpose", "channel", "reason")
        with self.writing() as connection, naming(connection) as named:
            named.update(one[0] for one in rows)
            same = [suppressions.c[name] == bindparam(f"a_{name}") for name in columns]
            before = connection.execute(select(func.count()).select_from(suppressions)).scalar_one()
            if rows:
                keys = [{f"a_{name}": part for name, part in zip(columns, key, strict=True)} for key in rows]
                connection.execute(delete(suppressions).where(*same), keys)
                values = [{**dict(zip(columns, key, strict=True)), "recorded_at": at} for key in rows]
                connection.execute(insert(suppressions), values)
            after = connection.execute(select(func.count()).select_from(suppressions)).scalar_one()
        return int(after - before)

    def lift_suppressions(self, customer_ids: Iterable[str], reason: str) -> int:
        """Take back suppressions of one reason, after a person has decided so; returns how many."""
        with self.writing() as connection, filled(connection, picked, picks(customer_ids)):
            is_picked = suppressions.c.customer_id.in_(select(picked.c.key))
            return _lift(connection, is_picked, suppressions.c.reason == reason)

    def suppressions(self) -> pa.Table:
        """Every suppression: customer_id, purpose, channel, reason, recorded_at."""
        kinds = [pa.string()] * 4 + [pa.timestamp("us")]
        schema = pa.schema(list(zip(suppressions.c.keys(), kinds, strict=True)))
        with self.reading() as connection:
            return as_table(connection, select(suppressions).order_by(*suppressions.primary_key), schema)

    def hold_out(self, customer_ids: Iterable[str], at: datetime) -> int:
        """Keep customers out of every contact, for good: a lower share later frees nobody. Returns how many are new."""
        with self.writing() as connection, filled(connection, picked, picks(customer_ids)):
            known = select(holdouts.c.customer_id).where(holdouts.c.customer_id == picked.c.key)
            fresh = values_of(connection, select(picked.c.key).where(~known.exists()))
            with naming(connection) as named:
                named.update(fresh)
                put(connection, holdouts, {"customer_id": fresh, "first_at": [at] * len(fresh)})
        return len(fresh)

    def held_out(self) -> set[str]:
        """Today's ids of everyone in the holdout: a merged customer is in it if either half was."""
        own = select(holdouts.c.customer_id)
        inherited = select(customer_aliases.c.customer_id).join(
            holdouts, holdouts.c.customer_id == customer_aliases.c.alias_customer_id
        )
        with self.reading() as connection:
            return {*values_of(connection, own), *values_of(connection, inherited)}

    def cited_consents(
        self, customer_ids: Iterable[str], purpose: str, channel: str, moment: datetime
    ) -> dict[str, str]:
        """The consent that allows each of these customers' place in an audience now; whom none allows is missing."""
        with self.reading() as connection:
            return cited_by(connection, questions_about(customer_ids, purpose, channel), moment)


def _strictest(consents_current: pa.Table) -> Columns:
    """The row that counts for each customer, purpose and channel: a denial where there is one."""
    if "expires_at" not in consents_current.column_names:
        nothing = pa.nulls(consents_current.num_rows, pa.timestamp("us"))
        consents_current = consents_current.append_column("expires_at", nothing)
    rows = consents_current.select([*KEY, *REST])
    is_allowed = pc.fill_null(rows["is_allowed"], False)
    rows = rows.set_column(len(KEY), "is_allowed", is_allowed)
    if rows.group_by(list(KEY)).aggregate([]).num_rows < rows.num_rows:
        places = [(name, "ascending") for name in (*KEY, "is_allowed", "consent_id")]
        numbered = rows.sort_by(places).append_column("place", pa.array(range(rows.num_rows), pa.int64()))
        first = numbered.group_by(list(KEY)).aggregate([("place", "min")])["place_min"]
        rows = numbered.take(first).drop_columns("place")
    return columns_of(rows, [*KEY, *REST])


def _replace_all(connection: Connection) -> None:
    """Let ``consents`` hold what ``known_now`` holds, touching only rows that differ."""
    is_same = [~known_now.c[name].is_distinct_from(consents.c[name]) for name in REST]
    unchanged = select(known_now.c.customer_id).where(_same_key(), *is_same)
    is_there = select(consents.c.customer_id).where(_same_key())
    names = [*KEY, *REST]
    missing = select(*(known_now.c[name] for name in names)).where(~is_there.exists())
    with naming(connection) as named:
        for change in (delete(consents).where(~unchanged.exists()), insert(consents).from_select(names, missing)):
            named.update(connection.execute(change.returning(consents.c.customer_id)).scalars())


def _deny(connection: Connection) -> None:
    """Take in the denials of ``known_now`` that are not older than the consent they deny."""
    is_later = or_(consents.c.decided_at.is_(None), known_now.c.decided_at >= consents.c.decided_at)
    denies = (_same_key(), ~known_now.c.is_allowed, is_later)
    values = {name: select(known_now.c[name]).where(*denies).scalar_subquery() for name in ("consent_id", "decided_at")}
    is_denied = select(known_now.c.customer_id).where(*denies).exists()
    denied = update(consents).where(consents.c.is_allowed, is_denied).values(values | {"is_allowed": False})
    with naming(connection) as named:
        named.update(connection.execute(denied.returning(consents.c.customer_id)).scalars())


def _same_key() -> Any:
    return and_(*(known_now.c[name] == consents.c[name] for name in KEY))


def lift_answered(connection: Connection) -> None:
    """End withdrawals that a later consent for the same purpose and channel answers.

    One heard as it landed ends also where the consents say it themselves by now.
    """
    _, aliases, condition = today_of(suppressions.c.customer_id)
    same = (
        or_(
            consents.c.customer_id == suppressions.c.customer_id,
            consents.c.customer_id == select(aliases.c.customer_id).where(condition).scalar_subquery(),
        ),
        consents.c.purpose == suppressions.c.purpose,
        consents.c.channel == suppressions.c.channel,
    )
    found = select(consents.c.customer_id).where(*same)
    is_given_since = found.where(consents.c.is_allowed, consents.c.decided_at > suppressions.c.recorded_at).exists()
    is_said = found.where(~consents.c.is_allowed, consents.c.decided_at >= suppressions.c.recorded_at).exists()
    reason = suppressions.c.reason
    ends = or_(and_(reason.in_([WITHDRAWN, OPTED_OUT]), is_given_since), and_(reason == OPTED_OUT, is_said))
    _lift(connection, ends)


def _lift(connection: Connection, *ends: Any) -> int:
    """Take suppressions back, and note of whom; how many."""
    with naming(connection) as named:
        lifted = delete(suppressions).where(*ends).returning(suppressions.c.customer_id)
        ids: list[str] = list(connection.execute(lifted).scalars())
        named.update(ids)
    return len(ids)
