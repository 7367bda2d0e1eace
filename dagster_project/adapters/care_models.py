"""Find the entries of every care model, each for itself, with conditions asked of the closed engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.care_models import ENTRIES, CareModel, entries
from dagster_project.domain.conditions import ConditionError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.settings import Settings


@dataclass(frozen=True)
class EntriesFound:
    """The entries of the care models that could be asked, and why the others could not, by name."""

    entries: pa.Table
    faults: dict[str, str]


def find_entries(
    models: Iterable[CareModel],
    customers: pa.Table,
    events: pa.Table,
    past: pa.Table,
    as_of: datetime,
    settings: Settings,
) -> EntriesFound:
    """Who is in which care model as of a moment (``ENTRIES``); a model that fails stops itself alone.

    Args:
        models: the care models that loaded.
        customers: ``customer_analytics`` for this moment.
        events: ``customer_events`` for this moment.
        past: ``PAST_ENROLMENTS``: what the ledger remembers (``domain.care_models.past_enrolments``).
        as_of: the moment, with its zone.
        settings: for the business zone and the salt of the control draw.
    """
    import pyarrow as pa

    found, faults = [ENTRIES.empty_table()], {}
    for model in sorted(models, key=lambda each: each.care_model):
        try:
            found.append(
                entries(
                    model,
                    customers,
                    events,
                    past,
                    as_of,
                    zone=settings.zone,
                    salt=settings.holdout_salt,
                    ask=evaluate,
                )
            )
        except ConditionError as error:
            faults[model.care_model] = str(error)
    return EntriesFound(pa.concat_tables(found), faults)
