"""Alarms as asset checks: what somebody should look at, in words, without stopping anything."""

from collections.abc import Mapping, Sequence

import dagster as dg

ALARMS = {
    "sources_come_as_usual": "sources",
    "batches_are_taken": "batches",
    "published_is_fresh": "published",
    "erasures_end": "erasures",
    "there_is_room": "disk",
}


def check_of(name: str, alarms: Sequence[Mapping[str, str]]) -> dg.AssetCheckResult:
    """One alarm's check: it warns with every text of its subject."""
    texts = [alarm["text"] for alarm in alarms if alarm["subject"] == ALARMS[name]]
    return dg.AssetCheckResult(
        passed=not texts,
        asset_key="health",
        check_name=name,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(texts) or "nothing to look at",
    )
