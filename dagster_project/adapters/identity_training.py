"""Trains the probable model on what the vault holds, and says what a reviewer has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.published import open_published
from dagster_project.adapters.warehouse import look_into_warehouse
from dagster_project.domain.clock import business_date
from dagster_project.domain.identity.training import TooFewRecords, train
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.settings import Settings

WORTH_A_LOOK = 1.0  # bits a weight must move to be named: it doubles or halves the odds


def train_on_vault(settings: Settings) -> dict[str, Any]:
    """A model of the records as the last run knew them, dated by that run.

    Raises:
        HoivaError: there is no vault yet, a run holds it, or it has too few records to learn from.
        NotPublished: no run has come to its end yet.
    """
    on: date = business_date(open_published(settings).as_of, settings.zone)
    with look_into_warehouse(settings) as warehouse:
        versions = warehouse.read("select * from vault.identity.record_versions order by contact_version_id")
    try:
        return train(versions, on)
    except TooFewRecords as fault:
        raise HoivaError(f"there is nothing to learn from: {fault}") from None


def weights_moved(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The levels whose weight a new model sees otherwise by a bit or more, the largest move first.

    Args:
        before: the model in use, or None.
        after: the new one.

    Returns:
        comparison, level, bits_before (None: a new level), bits (None: it is gone).

    >>> weight = {"comparison": "email", "level": "the same", "bits": 9.0}
    >>> weights_moved({"weights": [weight]}, {"weights": [weight | {"bits": 7.5}]})
    [{'comparison': 'email', 'level': 'the same', 'bits_before': 9.0, 'bits': 7.5}]
    """
    old, new = (
        {(row["comparison"], row["level"]): float(row["bits"]) for row in (model or {}).get("weights", [])}
        for model in (before, after)
    )
    moved = [
        {"comparison": key[0], "level": key[1], "bits_before": old.get(key), "bits": new.get(key)}
        for key in dict.fromkeys([*new, *old])
        if key not in old or key not in new or abs(new[key] - old[key]) >= WORTH_A_LOOK
    ]
    return sorted(moved, key=lambda row: -abs((row["bits"] or 0) - (row["bits_before"] or 0)))
