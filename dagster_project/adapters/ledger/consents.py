"""Who may be contacted, as the ledger knows it: consents, suppressions and the holdout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, String, and_, bindparam, delete, func, insert, or_, select

from dagster_project.adapters.ledger.aliases import known_ids, look_up, people, today_of
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import as_table, filled, picked, picks, rows_of, temporary, values_of
from dagster_project.adapters.ledger.marks import mark
from dagster_project.adapters.ledger.tables import consents, customer_aliases, holdouts, suppressions
from dagster_project.domain.decisions.suppression import EVERY, WITHDRAWN, Suppression

# What is asked: may this customer be contacted for this purpose on this channel? ``key`` names the question.
asked = temporary(
    "asked",
    Column("key", String(64), primary_key=True),
    Column("customer_id", String(64), nullable=False),
    Column("purpose", String(128), nullable=False),
    Column("channel", String(128), nullable=False),
)
KEY = ("customer_id", "purpose", "channel")
REST = ("is_allowed", "consent_id", "decided_at")
NO_CONSENT, SUPPRESSED, HELD_OUT = "no_consent", "suppressed", "held_out"


def allowing_consents(connection: Connection) -> dict[str, str | None]:
    """Of the questions in ``asked``: key to the consent that allows it. Missing: none does, or one denies."""
    same = and_(consents.c.purpose == asked.c.purpose, consents.c.channel == asked.c.channel)
    by_person = asked.join(people, people.c.asked_id == asked.c.customer_id)
    found = select(asked.c.key, consents.c.consent_id).select_from(
        by_person.join(consents, and_(consents.c.customer_id == people.c.today_id, same))
    )
    by_id = asked.join(known_ids, known_ids.c.asked_id == asked.c.customer_id)
    denied = select(asked.c.key).select_from(
        by_id.join(consents, and_(consents.c.customer_id == known_ids.c.known_id, same))
    )
    allowed = {key: consent_id for key, consent_id in rows_of(connection, found.where(consents.c.is_allowed))}
    for key in values_of(connection, denied.where(~consents.c.is_allowed)):
        allowed.pop(key, None)
    return allowed


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


def blocked_of(connection: Connection, questions: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Key to the reason, of those questions whose answer is no."""
    with filled(connection, asked, questions), filled(connection, people, ()), filled(connection, known_ids, ()):
        look_up(connection, select(asked.c.customer_id.label("id")))
        allowed = allowing_consents(connection)
        blocked = {question["key"]: NO_CONSENT for question in questions if question["key"] not in allowed}
        blocked |= dict.fromkeys(suppressing_reasons(connection), SUPPRESSED)
        blocked |= dict.fromkeys(held_out_keys(connection), HELD_OUT)
    return blocked


class Consents(Connected):
    """What stands between a customer and a contact."""

    def sync_consents(self, consents_current: pa.Table, at: datetime) -> bool:
        """Replace the consents known by today's; write only what changed.

        A suppression for a withdrawal ends when the same customer gave a consent for the same purpose and channel
        after it was recorded.

        Args:
            consents_current: customer_id, purpose, channel, is_allowed, consent_id, decided_at. Of two rows for the
                same three the denial counts.
            at: the moment they are of.

        Returns:
            False when newer ones are known. Then only denials newer than the consent they deny are taken in: a replay
            of the past brings no consent back, and a withdrawal is never lost.
        """
        fresh = _strictest(consents_current)
        with self.writing() as connection:
            is_newest = mark(connection, "consents", at)
            stored = rows_of(connection, select(*(consents.c[name] for name in (*KEY, *REST))))
            former = {tuple(row[:3]): tuple(row[3:]) for row in stored}
            if is_newest:
                changed = [row for key, row in fresh.items() if former.get(key) != _rest(row)]
                gone = [key for key in former if key not in fresh]
            else:
                changed = [row for key, row in fresh.items() if _denies(_rest(row), former.get(key))]
                gone = []
            _replace(connection, gone + [_key(row) for row in changed if _key(row) in former], changed)
            _lift_answered(connection)
        return is_newest

    def suppress(self, suppressed: Iterable[Suppression], at: datetime) -> int:
        """Stop contacts from this moment on, before any model has run: returns how many rows are new.

        A suppression that is there already becomes as recent as this one.
        """
        rows = {(one.customer_id, one.purpose, one.channel, one.reason): one for one in suppressed}
        columns = ("customer_id", "purpose", "channel", "reason")
        with self.writing() as connection:
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
        with self.writing() as connection, filled(connection, picked, picks(list(customer_ids))):
            is_picked = suppressions.c.customer_id.in_(select(picked.c.key))
            return connection.execute(delete(suppressions).where(is_picked, suppressions.c.reason == reason)).rowcount

    def suppressions(self) -> pa.Table:
        """Every suppression: customer_id, purpose, channel, reason, recorded_at."""
        kinds = [pa.string()] * 4 + [pa.timestamp("us")]
        schema = pa.schema(list(zip(suppressions.c.keys(), kinds, strict=True)))
        with self.reading() as connection:
            return as_table(connection, select(suppressions).order_by(*suppressions.primary_key), schema)

    def hold_out(self, customer_ids: Iterable[str], at: datetime) -> int:
        """Keep customers out of every contact, for good: a lower share later frees nobody. Returns how many are new."""
        with self.writing() as connection, filled(connection, picked, picks(list(customer_ids))):
            known = select(holdouts.c.customer_id).where(holdouts.c.customer_id == picked.c.key)
            fresh = values_of(connection, select(picked.c.key).where(~known.exists()))
            if fresh:
                connection.execute(insert(holdouts), [{"customer_id": one, "first_at": at} for one in fresh])
        return len(fresh)

    def held_out(self) -> set[str]:
        """Today's ids of everyone in the holdout: a merged customer is in it if either half was."""
        own = select(holdouts.c.customer_id)
        inherited = select(customer_aliases.c.customer_id).join(
            holdouts, holdouts.c.customer_id == customer_aliases.c.alias_customer_id
        )
        with self.reading() as connection:
            return {*values_of(connection, own), *values_of(connection, inherited)}

    def blocked_customers(self, customer_ids: Iterable[str], purpose: str, channel: str) -> dict[str, str]:
        """Which of these may not be in an audience now, and why: ``no_consent``, ``suppressed`` or ``held_out``."""
        questions = [
            {"key": one, "customer_id": one, "purpose": purpose, "channel": channel} for one in set(customer_ids)
        ]
        with self.reading() as connection:
            return blocked_of(connection, questions)


def _strictest(consents_current: pa.Table) -> dict[tuple[str, ...], dict[str, Any]]:
    """The row that counts for each customer, purpose and channel: a denial where there is one."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in consents_current.select([*KEY, *REST]).to_pylist():
        row["is_allowed"] = row["is_allowed"] is True
        if row["decided_at"] is not None and row["decided_at"].tzinfo is None:
            row["decided_at"] = row["decided_at"].replace(tzinfo=UTC)
        if _key(row) not in found or not row["is_allowed"]:
            found[_key(row)] = row
    return found


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in KEY)


def _rest(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in REST)


def _denies(now: tuple[Any, ...], former: tuple[Any, ...] | None) -> bool:
    """Whether a statement denies what was allowed, and is not older than that consent."""
    if former is None or not former[0] or now[0]:
        return False
    return now[2] is not None and (former[2] is None or now[2] >= former[2])


def _replace(connection: Connection, gone: list[tuple[str, ...]], rows: list[dict[str, Any]]) -> None:
    if gone:
        same = [consents.c[name] == bindparam(f"a_{name}") for name in KEY]
        keys = [{f"a_{name}": part for name, part in zip(KEY, key, strict=True)} for key in gone]
        connection.execute(delete(consents).where(*same), keys)
    if rows:
        connection.execute(insert(consents), rows)


def _lift_answered(connection: Connection) -> None:
    """End withdrawals that a later consent for the same purpose and channel answers."""
    _, aliases, condition = today_of(suppressions.c.customer_id)
    answer = (
        select(consents.c.customer_id)
        .where(
            or_(
                consents.c.customer_id == suppressions.c.customer_id,
                consents.c.customer_id == select(aliases.c.customer_id).where(condition).scalar_subquery(),
            ),
            consents.c.purpose == suppressions.c.purpose,
            consents.c.channel == suppressions.c.channel,
            consents.c.is_allowed,
            consents.c.decided_at > suppressions.c.recorded_at,
        )
        .exists()
    )
    connection.execute(delete(suppressions).where(suppressions.c.reason == WITHDRAWN, answer))
