"""The ledger's contacts as the warehouse sees them: a snapshot that SQL may read, since nothing attaches the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from dagster_project.adapters.ledger.contacts import CONTACT_SCHEMA
from dagster_project.adapters.ledger.tables import LIVE

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.warehouse import Warehouse

ROOM, TABLE = "ledger", "contacts"
COLUMNS = ("contact_id", "customer_id", "care_model", "step", "channel", "planned_for", "decided_as_of")


def keep_contacts(ledger: Ledger, warehouse: Warehouse) -> None:
    """Write every contact that is waiting, on its way or made as ``ledger.contacts``, with today's customer.

    Those that ended before anyone was reached are not in it.
    """
    import pyarrow.compute as pc

    rows = ledger.contacts()
    live = rows.filter(pc.is_in(rows["status"], pa.array(LIVE)))
    warehouse.write(ROOM, TABLE, live.select(COLUMNS))


def make_room_for_contacts(warehouse: Warehouse) -> None:
    """Let ``ledger.contacts`` be there, empty in a new home, so that what reads it can be built before any contact."""
    if not warehouse.has(ROOM, TABLE):
        warehouse.write(ROOM, TABLE, CONTACT_SCHEMA.empty_table().select(COLUMNS))
