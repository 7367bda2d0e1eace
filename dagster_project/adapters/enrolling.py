"""Who enters each care model today, written to the ledger: the same moment again enrols nobody twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.care_models import EntriesFound, find_entries
from dagster_project.domain.analytics.schema import SEGMENTS
from dagster_project.domain.analytics.segments import breaches
from dagster_project.domain.care_models import CareModel, EventEntry, past_enrolments

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.warehouse import Warehouse
    from dagster_project.settings import Settings

# What happened to customers, and beside it what became of them: a move of the lifecycle opens a door like a purchase.
EVENTS = """
with happened as (
    select customer_id, event_id, event_type, subject_id, source_system, channel, amount, occurred_at, known_at
    from customer_360.customer_events
    union all
    select customer_id, event_id, event_type, subject_id, 'hoiva', null, null, occurred_at, known_at
    from analytics.lifecycle_moves
)
select * from happened where list_contains($event_types, event_type) order by customer_id, occurred_at, event_id
"""


def enrol_customers(
    settings: Settings, ledger: Ledger, warehouse: Warehouse, models: Sequence[CareModel], as_of: datetime
) -> EntriesFound:
    """Find the enrolments of every care model, write the new ones to the ledger and all to ``care_models.enrolments``.

    A model whose segment has not the size it should have (:func:`held_back`) enrols nobody and proposes nothing, until
    it has it again. The ledger first follows identity: who was two and is one now has one history.

    Args:
        settings: for the business zone and the salt of the control draw.
        ledger: remembers enrolments and contacts.
        warehouse: holds the customers and their events as of this moment.
        models: the care models that loaded.
        as_of: the moment, UTC.
    """
    import pyarrow.compute as pc

    aliases = warehouse.read("select alias_customer_id, customer_id from identity.customer_aliases")
    ledger.follow_aliases(aliases, as_of)
    found = find_entries(
        models,
        warehouse.read("select * from analytics.customer_analytics order by customer_id"),
        warehouse.read(
            EVENTS,
            {"event_types": sorted({model.entry.event for model in models if isinstance(model.entry, EventEntry)})},
        ),
        past_enrolments(ledger.enrolments(), ledger.contacts()),
        as_of,
        settings,
        members_of_segments(warehouse, models),
        held_back(warehouse, models),
    )
    ledger.enrol(found.entries.filter(pc.field("is_new")), as_of)
    warehouse.write("care_models", "enrolments", found.entries)
    return found


def members_of_segments(warehouse: Warehouse, models: Sequence[CareModel]) -> pa.Table:
    """Who is in which segment. Not asked while no care model draws on one: then nobody waited for the table."""
    if all(model.segment is None for model in models):
        return SEGMENTS.empty_table()
    return warehouse.read("select segment, customer_id from analytics.segments")


def held_back(warehouse: Warehouse, models: Sequence[CareModel]) -> dict[str, str]:
    """The care models that propose nothing now, each with the reason: the size of the segment they draw on."""
    drawn = {model.care_model: model.segment for model in models if model.segment is not None}
    if not drawn:
        return {}
    told = breaches(warehouse.read("select * from analytics.segment_sizes"), drawn.values())
    return {name: told[segment] for name, segment in sorted(drawn.items()) if segment in told}
