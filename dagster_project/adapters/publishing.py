"""Which tables of the warehouse are shown to others, and the contact points that stay in the vault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.contacts_snapshot import keep_contacts
from dagster_project.adapters.pages import pages_to_publish
from dagster_project.adapters.published import Version, publish
from dagster_project.adapters.warehouse import Warehouse, open_warehouse

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.settings import Settings

ALWAYS = (
    "identity/clusters",
    "identity/customer_aliases",
    "identity/matches",
    "identity/review_queue",
    "identity/merge_suspects",
    "identity/identity_changes",
    "customer_360/customer_360",
    "customer_360/customer_events",
    "customer_360/customer_service_contacts",
    "customer_360/customer_timeline",
    "customer_360/consents_current",
    "customer_360/customer_consents",
    "customer_360/current_products",
)
WHOLE_ROOMS = ("analytics", "care_models", "decisions", "audiences")
VAULT_TABLES = ("customer_360/contact_points",)


class TablesOf(Mapping[str, "pa.Table"]):
    """Tables of the warehouse by ``room/table``, read one at a time, so that memory holds one."""

    def __init__(self, warehouse: Warehouse, names: list[str], *, in_vault: bool = False) -> None:
        self._warehouse, self._names, self._in_vault = warehouse, names, in_vault

    def __getitem__(self, name: str) -> pa.Table:
        room, _, table = name.rpartition("/")
        database = "vault." if self._in_vault else ""
        return self._warehouse.read(f'select * from {database}"{room or "customer_360"}"."{table}"')

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def publish_rooms(settings: Settings, as_of: datetime) -> Version:
    """Publish what the warehouse holds now, and the pages; the same content again changes no file."""
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(settings.ledger_address) as ledger, open_warehouse(settings) as warehouse:
        keep_contacts(ledger, warehouse)  # the timeline shows what this night has planned
        rooms = ", ".join(f"'{room}'" for room in WHOLE_ROOMS)
        found = warehouse.read(
            "select table_schema || '/' || table_name as name from information_schema.tables"
            f" where table_catalog = current_database() and table_schema in ({rooms}) order by 1"
        )
        names = [*ALWAYS, *found["name"].to_pylist()]
        contact_points = [table.rpartition("/")[2] for table in VAULT_TABLES]
        return publish(
            settings,
            TablesOf(warehouse, names),
            as_of,
            TablesOf(warehouse, contact_points, in_vault=True),
            pages_to_publish(settings),
        )
