"""The check of a destination with a transport: is something of it held up on the way?"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from dagster_project.domain.exports.transfers import ENDED, Transfer

IS_DELIVERED = "is_delivered"
STILL_AT_WORK = ("processing",)  # reasons that are no fault of anybody's


def is_delivered(key: str, transfers: Iterable[Transfer]) -> dg.AssetCheckResult:
    """Fails while a batch must wait, with its reason and the moment of the next attempt; it holds up nothing else."""
    held = [one for one in transfers if one.state not in ENDED and one.reason and one.reason not in STILL_AT_WORK]
    told = [
        f"batch {one.batch_id}: {one.reason} ({one.attempts} times), tried again after {one.not_before:%Y-%m-%d %H:%M}"
        for one in held
    ]
    return dg.AssetCheckResult(
        passed=not held,
        asset_key=key,
        check_name=IS_DELIVERED,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or "nothing is held up on its way",
    )
