"""Find the entries of every care model, each for itself, with conditions asked of the closed engine."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.analytics.schema import SEGMENTS
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
    segments: pa.Table | None = None,
    held: Collection[str] = (),
) -> EntriesFound:
    """Who is in which care model as of a moment (``ENTRIES``); a model that fails stops itself alone.

    Args:
        models: the care models that loaded.
        customers: ``customer_analytics`` for this moment.
        events: ``customer_events`` for this moment.
        past: ``PAST_ENROLMENTS``: what the ledger remembers (``domain.care_models.past_enrolments``).
        as_of: the moment, with its zone.
        settings: for the business zone and the salt of the control draw.
        segments: who is in which; a model that names a segment sees its members alone.
        held: models whose segment has not its size: nobody new enters and nobody waits for an action. Who is in
            already stays in, so that the control group is kept apart as ever.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    def of_segment(segment: str) -> pa.Table:
        members = SEGMENTS.empty_table() if segments is None else segments
        inside = members.filter(pc.equal(members["segment"], segment))["customer_id"].combine_chunks()
        return customers.filter(pc.is_in(customers["customer_id"], inside))

    found, faults = [ENTRIES.empty_table()], {}
    for model in sorted(models, key=lambda each: each.care_model):
        try:
            is_held = model.care_model in held
            rows = entries(
                model,
                customers if model.segment is None or is_held else of_segment(model.segment),
                events,
                past,
                as_of,
                zone=settings.zone,
                salt=settings.holdout_salt,
                ask=evaluate,
            )
            found.append(at_rest(rows) if is_held else rows)
        except ConditionError as error:
            faults[model.care_model] = str(error)
    return EntriesFound(pa.concat_tables(found), faults)


def at_rest(entries_found: pa.Table) -> pa.Table:
    """Of the entries those that were there before, none of them waiting for an action."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = entries_found.filter(pc.invert(entries_found["is_new"]))
    nobody = pa.array([False] * rows.num_rows, pa.bool_())
    return rows.set_column(rows.column_names.index("is_waiting"), ENTRIES.field("is_waiting"), nobody)
