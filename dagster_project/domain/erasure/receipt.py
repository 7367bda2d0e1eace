"""The receipt of an erasure: what was done where and when, for a person to keep. It names nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TITLES = {
    "stopped": "no contact from this moment on",
    "withdrawn": "batches nobody had taken, withdrawn",
    "contacts": "contacts that waited, ended",
    "removals": "destinations told to let go",
    "lake": "rows of delivered data",
    "quarantine": "records that did not fit",
    "archive": "delivered files, cut",
    "refused": "refused files, removed",
    "landing": "files that waited to be taken in",
    "deliveries": "balances of deliveries, corrected",
    "databases": "warehouse and vault, rewritten",
    "published": "published tables, made again",
    "outbox": "batches that were taken, deleted",
    "sent": "rows that audiences were told",
    "ledger": "rows of the ledger",
    "rest": "what the last look cleaned",
    "verified": "the last look",
}

# What is counted for anybody, also somebody who was never here.
NOT_OF_THEM = {
    "customers",
    "warehouse_files",
    "vault_files",
    "made_again",
    "removed_versions",
    "values_looked_for",
}
NOTHING_FOUND = "Nothing of them was found in any place: look for a spelling mistake. What was given stays outside."


def found_nothing(receipt: Mapping[str, Any]) -> bool:
    """Whether an erasure ended and no step had anything to do: as when an address was mistyped.

    >>> steps = {"stopped": {"customers": 1}, "lake": {}, "databases": {"warehouse_files": 1}}
    >>> found_nothing({"state": "ended", "steps": steps})
    True
    >>> found_nothing({"state": "ended", "steps": steps | {"lake": {"rows": 1}}})
    False
    """
    return receipt["state"] == "ended" and not any(
        number
        for told in receipt["steps"].values()
        for name, number in told.items()
        if name != "done_at" and name not in NOT_OF_THEM
    )


def receipt_text(receipt: Mapping[str, Any]) -> str:
    """The receipt for a person's eyes.

    >>> moments = {"requested_at": "2026-04-01T09:00:00Z", "ended_at": "2026-04-01T09:01:00Z"}
    >>> steps = {"lake": {"rows": 3, "done_at": "2026-04-01T09:00:30Z"}}
    >>> print(receipt_text({"erasure_id": "e1", "state": "ended", "count_customers": 1, "steps": steps} | moments))
    Erasure e1: ended
    Customers: 1
    Asked for: 2026-04-01T09:00:00Z
    Ended: 2026-04-01T09:01:00Z
    <BLANKLINE>
      lake        rows of delivered data: rows 3 (2026-04-01T09:00:30Z)
    """
    lines = [
        f"Erasure {receipt['erasure_id']}: {receipt['state']}",
        f"Customers: {receipt['count_customers']}",
        f"Asked for: {receipt['requested_at']}",
    ]
    if receipt.get("ended_at"):
        lines.append(f"Ended: {receipt['ended_at']}")
    lines.append("")
    for step, told in receipt["steps"].items():
        counts = ", ".join(f"{name} {number}" for name, number in told.items() if name != "done_at")
        lines.append(f"  {step:<11} {TITLES.get(step, step)}: {counts or 'nothing'} ({told['done_at']})")
    if found_nothing(receipt):
        lines.append(f"  {NOTHING_FOUND}")
    for destination, reason in sorted(receipt.get("waits_for", {}).items()):
        lines.append(f"  waits for {destination}: {reason}")
    return "\n".join(lines)
