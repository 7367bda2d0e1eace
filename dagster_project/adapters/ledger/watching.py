"""Notices whatever changes who may be contacted, and of whom, so that nobody looks at a million customers again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, delete, event, func, insert, select

from dagster_project.adapters.ledger.export_tables import revisions, touched_customers
from dagster_project.adapters.ledger.frames import put, rows_of

PERMISSIONS = "permissions"
EVERYWHERE = ""  # in place of a destination: it concerns all of them
MOST_NAMED = 50_000  # customers of one transaction; of more it is only said that anybody may have changed
MOST_KEPT = 500_000  # rows, before the list begins anew
# Whatever says who may be contacted: consents, what stands against them, and who is whom.
WRITES_PERMISSIONS = re.compile(
    r'\s*(?:insert into|update|delete from) "?(?:consents|suppressions|holdouts|customer_aliases)\b', re.IGNORECASE
)
# Noted at the connection until the transaction ends: anybody may have changed; these have; statements name them.
CHANGED, TOUCHED, NAMING = "permissions_changed", "customers_touched", "customers_named"


def watch(engine: Engine) -> None:
    """Notice every statement that changes who may be contacted, whichever part of the ledger makes it."""

    @event.listens_for(engine, "after_cursor_execute")
    def _notice(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if NAMING not in connection.info and WRITES_PERMISSIONS.match(statement) and cursor.rowcount != 0:
            connection.info[CHANGED] = True


@contextmanager
def naming(connection: Connection) -> Iterator[set[str]]:
    """Statements in here name whom they change: their customers are put into the set, under any id."""
    named: set[str] = set()
    connection.info[NAMING] = True
    try:
        yield named
    finally:
        connection.info.pop(NAMING, None)
    touch(connection, named)


def touch(connection: Connection, customer_ids: Iterable[str], destination: str = EVERYWHERE) -> None:
    """Note customers who must be looked at again, at one destination or everywhere."""
    named = set(customer_ids)
    if len(named) > MOST_NAMED:
        connection.info[CHANGED] = True
    else:
        connection.info.setdefault(TOUCHED, set()).update((destination, one) for one in named)


def forget_notes(connection: Connection) -> None:
    """Let nothing of an earlier transaction of this connection count."""
    for name in (CHANGED, TOUCHED, NAMING):
        connection.info.pop(name, None)


def renew(connection: Connection) -> None:
    """Write down, in the transaction that changed it, of whom who may be contacted is another matter now.

    Where nobody was named, or too many, the word changes: then everybody is looked at again.
    """
    touched = sorted(connection.info.pop(TOUCHED, ()))
    if connection.info.pop(CHANGED, False) or len(touched) > MOST_NAMED:
        _begin_anew(connection)
    elif touched:
        token = secrets.token_hex(8)
        columns = {
            "token": [token] * len(touched),
            "destination": [destination for destination, _ in touched],
            "customer_id": [customer_id for _, customer_id in touched],
        }
        put(connection, touched_customers, columns)
        number = touched_customers.c.number
        ends = select(*(select(end(number)).scalar_subquery() for end in (func.min, func.max)))  # each by the index
        first, last = rows_of(connection, ends)[0]
        if last - first > MOST_KEPT:
            _begin_anew(connection)


def _begin_anew(connection: Connection) -> None:
    connection.execute(delete(touched_customers))
    connection.execute(delete(revisions).where(revisions.c.name == PERMISSIONS))
    connection.execute(insert(revisions).values(name=PERMISSIONS, token=secrets.token_hex(16)))
