"""Who is whom: merges and splits of identities, followed by everything that was done under earlier ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, String, and_, delete, func, insert, literal, select, union, update

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import as_table, filled, measure, rows_of, temporary
from dagster_project.adapters.ledger.marks import mark
from dagster_project.adapters.ledger.tables import customer_aliases, identities, identity_changes
from dagster_project.adapters.ledger.watching import naming
from dagster_project.domain.identity.changes import Change, changes_between

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
AT_ONCE = 500  # rows of one statement: SQLite takes 32,766 values, and older ones 999
IDENTITY_CHANGES = pa.schema(
    [
        pa.field("as_of", pa.timestamp("us"), nullable=False),
        pa.field("alias_customer_id", pa.string(), nullable=False),
        pa.field("from_customer_id", pa.string()),
        pa.field("to_customer_id", pa.string()),
        pa.field("change", pa.string(), nullable=False),
    ]
)


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
            today = dict(pairs)
            _record(connection, today, at)
            changed = [(alias, now) for alias, now in today.items() if former.get(alias, alias) != now]
            columns = {
                "alias_customer_id": [alias for alias, _ in changed],
                "from_customer_id": [former.get(alias, alias) for alias, _ in changed],
                "to_customer_id": [now for _, now in changed],
            }
            if changed:
                with filled(connection, moved, columns), naming(connection) as named:
                    named.update(*columns.values())
                    _move(connection)
                measure(connection, customer_aliases)
        return len(changed)

    def identity_changes(self, until: datetime) -> pa.Table:
        """Every change of identity up to a moment, one row a record and run, with its customer before and after."""
        table = identity_changes
        query = select(table).where(table.c.as_of <= until).order_by(table.c.as_of, table.c.alias_customer_id)
        with self.reading() as connection:
            return as_table(connection, query, IDENTITY_CHANGES)


def _record(connection: Connection, today: dict[str, str], at: datetime) -> None:
    """Write down what is other than as of the last run, in the transaction that follows it; again, it adds none."""
    before = dict(rows_of(connection, select(identities)))
    found = changes_between(before, today)
    if not found:
        return
    same_run = identity_changes.c.as_of == at
    earlier = {row.alias_customer_id: row for row in connection.execute(select(identity_changes).where(same_run))}
    rows = [_row(change, at, earlier) for change in found]
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        ids = [row["alias_customer_id"] for row in part]
        connection.execute(delete(identity_changes).where(same_run, identity_changes.c.alias_customer_id.in_(ids)))
        connection.execute(insert(identity_changes), part)
        connection.execute(delete(identities).where(identities.c.alias_customer_id.in_(ids)))
        now = [
            {"alias_customer_id": row["alias_customer_id"], "customer_id": row["to_customer_id"]}
            for row in part
            if row["to_customer_id"] is not None
        ]
        if now:
            connection.execute(insert(identities), now)


def _row(change: Change, at: datetime, earlier: dict[str, Any]) -> dict[str, Any]:
    """A change as the table has it. A run of the same moment that found otherwise before is corrected, not repeated."""
    alias, former, customer, name = change
    first = earlier.get(alias)
    values = (at, alias, first.from_customer_id if first else former, customer, name)
    return dict(zip(IDENTITY_CHANGES.names, values, strict=True))


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
