"""How far the ledger has come: a synchronised set never goes back in time."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select

from dagster_project.adapters.ledger.tables import marks


def mark(connection: Connection, name: str, at: datetime) -> bool:
    """Note that a set is now as of a moment. False, and nothing noted, when it is newer already."""
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    former = connection.execute(select(marks.c.marked_at).where(marks.c.name == name)).scalar()
    if former is not None and former > moment:
        return False
    connection.execute(delete(marks).where(marks.c.name == name))
    connection.execute(insert(marks).values(name=name, marked_at=moment))
    return True
