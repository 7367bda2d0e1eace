"""The ledger: deliveries, consents as known, contacts, batches, memberships. SQLite by default, any engine by URL."""

from dagster_project.adapters.ledger.ledger import Ledger, open_ledger

__all__ = ["Ledger", "open_ledger"]
