"""The check that shows a change which waits for a person's word."""

from collections.abc import Sequence

import dagster as dg

from dagster_project.adapters.approving import in_words
from dagster_project.adapters.ledger.holds import HeldChange

NOTHING_IS_HELD = "nothing_is_held"


def nothing_is_held(asset: str, held: Sequence[HeldChange]) -> dg.AssetCheckResult:
    """The check of one destination: no change of it is too great to go without a person's word."""
    told = f"its next batch {in_words(held[0])}: hoiva approve {asset}, with --refuse or without" if held else ""
    return dg.AssetCheckResult(
        passed=not held,
        asset_key=asset,
        check_name=NOTHING_IS_HELD,
        severity=dg.AssetCheckSeverity.WARN,
        description=told or "no change waits for a person's word",
    )
