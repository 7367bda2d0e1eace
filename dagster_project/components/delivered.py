"""The check of a destination with a transport: is something of it held up on the way?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster_project.adapters.transports.deliver import Delivered

IS_DELIVERED = "is_delivered"
STILL_AT_WORK = ("processing",)  # reasons that are no fault of anybody's


def is_delivered(key: str, carried: Sequence[Delivered]) -> dg.AssetCheckResult:
    """Fails while a batch must wait, with its reason and the moment of the next attempt; it holds up nothing else."""
    held = [one for one in carried if one.outcome == "waiting" and one.reason not in STILL_AT_WORK]
    told = [f"{one.batch}: {one.reason}, tried again after {one.not_before:%Y-%m-%d %H:%M} UTC" for one in held]
    return dg.AssetCheckResult(
        passed=not held,
        asset_key=key,
        check_name=IS_DELIVERED,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
    )
