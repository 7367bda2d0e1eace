"""A ledger that remembers who is held and allows everything, where only the files of an export are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from dagster_project.domain.exports.batches import BatchRecord


class NoLedger:
    """Stands in for the ledger where only the files are measured: it allows everything and remembers who is held."""

    def __init__(self) -> None:
        self.records: dict[str, list[BatchRecord]] = {}
        self.held: dict[str, pa.Table] = {}

    def blocked_customers(self, *asked: object) -> dict[str, str]:
        """Nobody."""
        return {}

    def permissions_revision(self) -> str:
        """Always the same."""
        return "same"

    def touched_since(self, *asked: object) -> set[str]:
        """Nobody is."""
        return set()

    def consents_ended(self, *asked: object) -> set[str]:
        """None is."""
        return set()

    def everyone_akin(self, customer_ids: set[str]) -> set[str]:
        """Nobody has another id."""
        return set(customer_ids)

    def due_members(self, *asked: object, **named: object) -> list[str]:
        """None was refused."""
        return []

    def batches(self, destination: str | None = None, states: set[str] | None = None) -> list[BatchRecord]:
        """Those opened here; none waits."""
        return [] if states else self.records.get(destination or "", [])

    def memberships(
        self, destination: str, columns: Sequence[str], customer_ids: Iterable[str] | None = None
    ) -> pa.Table:
        """Who is held."""
        from dagster_project.adapters.ledger.memberships import MEMBERSHIP_SCHEMA

        held = self.held.get(destination, MEMBERSHIP_SCHEMA.empty_table()).select(list(columns))
        if customer_ids is None:
            return held
        return held.filter(pc.is_in(held["customer_id"], pa.array(list(customer_ids), pa.string())))

    def open_batch(self, record: BatchRecord, memberships: Any, **named: object) -> None:
        """Remember the first batch's members; later ones are a part of them here."""
        from dagster_project.adapters.ledger.memberships import MEMBERSHIP_SCHEMA

        self.records.setdefault(record.destination, []).append(record)
        if record.destination not in self.held:
            ids, keys, fingerprints, _ = memberships.table.combine_chunks().columns
            batch = pa.repeat(record.batch_id, len(ids))
            known = {
                "customer_id": ids, "todays_customer_id": ids, "customer_key": keys, "fingerprint": fingerprints,
                "state": pa.repeat("member", len(ids)), "batch_id": batch, "added_in": batch,
            }  # fmt: skip
            columns = [known.get(name.name, pa.nulls(len(ids), name.type)) for name in MEMBERSHIP_SCHEMA]
            self.held[record.destination] = pa.table(columns, schema=MEMBERSHIP_SCHEMA)

    def publish_batch(self, batch_id: str, put_in_place: Callable[[], None], *named: object) -> dict[str, str]:
        """Let it appear."""
        put_in_place()
        return {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Whatever else is noted is not."""
        return lambda *given, **named: None
