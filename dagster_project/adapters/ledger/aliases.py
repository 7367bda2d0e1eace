"""Who is whom: merges and splits of identities, followed by everything that was done under earlier ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, String, and_, func, insert, literal, select, union, update

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import filled, measure, temporary
from dagster_project.adapters.ledger.marks import mark
from dagster_project.adapters.ledger.tables import customer_aliases

moved = temporary(
    "moved_aliases",
    Column("alias_customer_id", String(64), primary_key=True),
    Column("from_customer_id", String(64), nullable=False),
    Column("to_customer_id", String(64), nullable=False),
)
# Customers somebody asks about, by the id they are asked under, and who that is today.
people = temporary(
    "asked_people",
    Column("asked_id", String(64), primary_key=True),
    Column("today_id", String(64), nullable=False),
)
# Every id under which any part of an asked customer was ever known.
known_ids = temporary(
    "known_ids",
    Column("asked_id", String(64), primary_key=True),
    Column("known_id", String(64), primary_key=True),
)
_current = customer_aliases.alias("current_aliases")


def today_of(column: Any) -> tuple[Any, Any, Any]:
    """(today's id, alias table, join condition) for a query that outer-joins the alias table to follow a column."""
    condition = and_(_current.c.alias_customer_id == column, _current.c.is_current)
    return func.coalesce(_current.c.customer_id, column), _current, condition


def look_up(connection: Connection, asked_ids: Any) -> None:
    """Fill ``asked_people`` and ``known_ids`` (both made empty before) for a selectable of ids in a column ``id``."""
    ids = asked_ids.subquery()
    today, aliases, condition = today_of(ids.c.id)
    query = select(ids.c.id, today).select_from(ids.outerjoin(aliases, condition)).distinct()
    connection.execute(insert(people).from_select(["asked_id", "today_id"], query))
    measure(connection, people)
    of_today = customer_aliases.c.customer_id == people.c.today_id
    every = union(
        select(people.c.asked_id, people.c.asked_id.label("known_id")),
        select(people.c.asked_id, people.c.today_id),
        select(people.c.asked_id, customer_aliases.c.alias_customer_id).join(customer_aliases, of_today),
    )
    connection.execute(insert(known_ids).from_select(["asked_id", "known_id"], every))
    measure(connection, known_ids)


class Aliases(Connected):
    """Follows the identities: what was done to one half of a merged customer was done to the whole."""

    def follow_aliases(self, aliases: pa.Table, at: datetime) -> int:
        """Take in today's identities, as a whole.

        After a merge the one customer has the contacts, suppressions and holdout of both. After a split each part keeps
        those of the former whole, as nobody can know which part was reached: the stricter reading.

        Args:
            aliases: alias_customer_id, customer_id: every id that can have been issued, and whose it is today.
            at: the moment these identities are of. Identities older than those known are ignored.

        Returns:
            how many ids changed hands.
        """
        with self.writing() as connection:
            if not mark(connection, "aliases", at):
                return 0
            is_now = customer_aliases.c.is_current
            stored = select(customer_aliases.c.alias_customer_id, customer_aliases.c.customer_id).where(is_now)
            former = {alias: customer for alias, customer in connection.execute(stored)}
            pairs = zip(aliases["alias_customer_id"].to_pylist(), aliases["customer_id"].to_pylist(), strict=True)
            changed = [(alias, now) for alias, now in dict(pairs).items() if former.get(alias, alias) != now]
            columns = {
                "alias_customer_id": [alias for alias, _ in changed],
                "from_customer_id": [former.get(alias, alias) for alias, _ in changed],
                "to_customer_id": [now for _, now in changed],
            }
            if changed:
                with filled(connection, moved, columns):
                    _move(connection)
                measure(connection, customer_aliases)
        return len(changed)


def _move(connection: Connection) -> None:
    """Write the changes in ``moved_aliases`` down: first what each new customer inherits, then who is whom now."""
    known = customer_aliases
    inherited = union(
        select(known.c.alias_customer_id, moved.c.to_customer_id).join(
            moved, known.c.customer_id == moved.c.from_customer_id
        ),
        select(moved.c.from_customer_id, moved.c.to_customer_id),
        select(moved.c.alias_customer_id, moved.c.to_customer_id),
    ).subquery()
    alias, customer = inherited.c
    is_there = select(known.c.customer_id).where(known.c.alias_customer_id == alias, known.c.customer_id == customer)
    fresh = select(alias, customer, literal(False)).where(alias != customer, ~is_there.exists())
    columns = ["alias_customer_id", "customer_id", "is_current"]
    connection.execute(insert(known).from_select(columns, fresh))
    has_moved = known.c.alias_customer_id.in_(select(moved.c.alias_customer_id))
    connection.execute(update(known).where(has_moved, known.c.is_current).values(is_current=False))
    is_new = select(moved.c.to_customer_id).where(
        moved.c.alias_customer_id == known.c.alias_customer_id, moved.c.to_customer_id == known.c.customer_id
    )
    connection.execute(update(known).where(is_new.exists()).values(is_current=True))
