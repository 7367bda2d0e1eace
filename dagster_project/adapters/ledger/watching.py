"""Notices whatever changes who may be contacted, so that nobody looks at a million customers again for nothing."""

from __future__ import annotations

import re
import secrets
from typing import Any

from sqlalchemy import Connection, Engine, delete, event, insert

from dagster_project.adapters.ledger.export_tables import revisions

PERMISSIONS = "permissions"
# Whatever says who may be contacted: consents, what stands against them, and who is whom.
WRITES_PERMISSIONS = re.compile(
    r'\s*(?:insert into|update|delete from) "?(?:consents|suppressions|holdouts|customer_aliases)\b', re.IGNORECASE
)
CHANGED = "permissions_changed"  # noted at the connection until the transaction ends


def watch(engine: Engine) -> None:
    """Notice every statement that changes who may be contacted, whichever part of the ledger makes it."""

    @event.listens_for(engine, "after_cursor_execute")
    def _notice(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if WRITES_PERMISSIONS.match(statement) and cursor.rowcount != 0:
            connection.info[CHANGED] = True


def renew(connection: Connection) -> None:
    """Write down, in the transaction that changed it, that who may be contacted is another matter now."""
    if connection.info.pop(CHANGED, False):
        connection.execute(delete(revisions).where(revisions.c.name == PERMISSIONS))
        connection.execute(insert(revisions).values(name=PERMISSIONS, token=secrets.token_hex(16)))
