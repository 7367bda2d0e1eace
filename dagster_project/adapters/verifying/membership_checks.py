"""Audiences: where each customer stands at a destination is what its batches add up to, and nobody is stuck there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Select, select

from dagster_project.adapters import sent_rows
from dagster_project.adapters.ledger.erasures import ERASED
from dagster_project.adapters.ledger.frames import rows_of
from dagster_project.adapters.ledger.tables import batches, membership_changes, memberships
from dagster_project.domain.operations.findings import Finding

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Home, Settings

COUNTED = ("published", "accepted", "partly")  # a batch that was rejected as a whole changed nothing
AFTER_ADD = {"published": {"adding"}, "accepted": {"member"}, "partly": {"member", "rejected"}}
AFTER_REMOVE = {"published": {"removing"}, "accepted": {"out"}, "partly": {"out", "member"}}
HELD = ("adding", "member")


def check_memberships(settings: Settings, ledger: Ledger) -> Iterator[Finding]:
    """What is wrong with memberships: against the sum of the published changes, and against the rows kept."""
    with ledger.reading() as connection:
        changes = membership_changes
        query = (
            select(batches.c.destination, batches.c.state, changes.c.customer_id, changes.c.operation)
            .join(batches, batches.c.batch_id == changes.c.batch_id)
            .where(batches.c.state.in_(COUNTED), changes.c.fingerprint != ERASED)
            .order_by(batches.c.destination, batches.c.sequence, changes.c.operation.desc())  # removes before adds
        )
        allowed: dict[tuple[str, str], set[str]] = {}
        rejected = {*rows_of(connection, _refused_adds())}
        for destination, state, customer_id, operation in rows_of(connection, query):
            allowed[destination, customer_id] = (AFTER_ADD if operation == "add" else AFTER_REMOVE)[state]
        rows = rows_of(connection, select(memberships))
    stands = {(row.destination, row.customer_id): row.state for row in rows}
    wrong: dict[str, int] = {}
    for key in allowed.keys() | stands.keys():
        state = stands.get(key, "out")
        fits = state in allowed.get(key, {"out"})
        # An add that was put back after its whole batch was refused leaves a member behind, or nobody.
        if not fits and not (key in rejected and state in {"member", "out"}):
            wrong[key[0]] = wrong.get(key[0], 0) + 1
    for destination, number in sorted(wrong.items()):
        yield Finding("membership_differs", destination, number)
    held: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row.state in HELD:
            held.setdefault((row.destination, row.added_in), set()).add(row.customer_id)
    yield from _kept(settings.at_home, held)


def _refused_adds() -> Select[tuple[str, str]]:
    changes = membership_changes
    return (
        select(batches.c.destination, changes.c.customer_id)
        .join(batches, batches.c.batch_id == changes.c.batch_id)
        .where(batches.c.state == "rejected")
        .distinct()
    )


def _kept(home: Home, held: dict[tuple[str, str], set[str]]) -> Iterator[Finding]:
    lost: dict[str, int] = {}
    for (destination, batch_id), customers in held.items():
        there: set[str] = set()
        for path in sent_rows.files(sent_rows.folder_of(home) / destination):
            if path.stem.endswith(f"-{batch_id}"):
                there |= set(sent_rows.rows_of(path, ["customer_id"])["customer_id"].to_pylist())
        lost[destination] = lost.get(destination, 0) + len(customers - there)
    for destination, number in sorted(lost.items()):
        if number:
            yield Finding("sent_row_missing", f"vault/sent/{destination}", number)
