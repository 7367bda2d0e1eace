"""The ledger follows identity: what was done to one half of a merged customer was done to the whole."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.warehouse import open_warehouse

if TYPE_CHECKING:
    from dagster_project.settings import Settings

ALIASES = "select alias_customer_id, customer_id from identity.customer_aliases"


def follow_identities(settings: Settings, as_of: datetime) -> dict[str, int]:
    """Hand tonight's identities to the ledger, and keep every change ever as ``identity.identity_changes``.

    Args:
        settings: where warehouse and ledger are.
        as_of: the moment the warehouse was built for.

    Returns:
        how many records changed in this run, by the name of the change.
    """
    with open_warehouse(settings) as warehouse, open_ledger(settings.ledger_address) as ledger:
        ledger.follow_aliases(warehouse.read(ALIASES), as_of)
        changes = ledger.identity_changes(as_of)
        warehouse.write("identity", "identity_changes", changes)
    tonight = as_of.replace(tzinfo=None)
    names = [row["change"] for row in changes.to_pylist() if row["as_of"] == tonight]
    return {f"count_{name}": count for name, count in sorted(Counter(names).items())}
