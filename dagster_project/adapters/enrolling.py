"""The care models' part of the nightly run: what the warehouse knows, and where the results are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from dagster_project.adapters.nights import Known, Night, ReadVersion, enrol_and_advance
from dagster_project.domain.analytics.schema import SEGMENTS
from dagster_project.domain.analytics.segments import breaches
from dagster_project.domain.care_models import CareModel, EventEntry

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.warehouse import Warehouse
    from dagster_project.settings import Settings

# What happened to customers, and beside it what became of them: a move of the lifecycle opens a door like a purchase.
HAPPENED = """
with happened as (
    select customer_id, event_id, event_type, subject_id, source_system, channel, amount, occurred_at, known_at
    from customer_360.customer_events
    union all
    select customer_id, event_id, event_type, subject_id, 'hoiva', null, null, occurred_at, known_at
    from analytics.lifecycle_moves
)
select * from happened where {which} order by customer_id, occurred_at, event_id
"""
EVENTS = HAPPENED.format(which="list_contains($event_types, event_type)")
ALL_EVENTS = HAPPENED.format(which="true")
TABLES = ("enrolments", "standings", "transitions", "due_actions", "answers")  # of the room care_models


def enrol_customers(
    settings: Settings, ledger: Ledger, warehouse: Warehouse, models: Sequence[CareModel], as_of: datetime,
    read: ReadVersion,
) -> Night:  # fmt: skip
    """Let customers in, move everyone on, and keep the results in the room ``care_models``.

    A model whose segment has not the size it should have (:func:`held_back`) enrols nobody and proposes nothing, until
    it has it again.

    Args:
        settings: for the business zone and the salt of draws.
        ledger: remembers enrolments, contacts and transitions.
        warehouse: holds the customers and their events as of this moment.
        models: the care models that loaded.
        as_of: the moment, UTC.
        read: makes a care model of a definition that the ledger kept.
    """
    known = known_of(settings, warehouse, ledger, models, as_of, read)
    found = enrol_and_advance(settings, ledger, models, known, as_of, read)
    tables = (found.enrolments, found.standings, found.path, found.candidates, known.responses)
    for name, rows in zip(TABLES, tables, strict=True):
        warehouse.write("care_models", name, rows)
    return found


def known_of(
    settings: Settings, warehouse: Warehouse, ledger: Ledger, models: Sequence[CareModel], as_of: datetime,
    read: ReadVersion,
) -> Known:  # fmt: skip
    """What the warehouse knows as of the moment it was built for."""
    from dagster_project.adapters.proposing import read_next_products
    from dagster_project.adapters.responses import responses_of

    everyone = [*models, *(read(definition) for definition in ledger.definitions().values())]
    return Known(
        customers=warehouse.read("select * from analytics.customer_analytics order by customer_id"),
        events=warehouse.read(EVENTS, {"event_types": event_types_of(everyone)}),
        responses=responses_of(warehouse, ledger, as_of),
        consents=warehouse.read("select * from customer_360.consents_current"),
        aliases=warehouse.read("select alias_customer_id, customer_id from identity.customer_aliases"),
        segments=members_of_segments(warehouse, models),
        held=held_back(warehouse, models),
        customers_at=_customers_at(settings, warehouse),
        next_products=read_next_products(warehouse),
    )


def _customers_at(settings: Settings, warehouse: Warehouse) -> Callable[[datetime], pa.Table]:
    """Customers as of earlier moments; the past is gathered when it is asked for first, which is after missed runs."""
    from dagster_project.adapters.customers_at import Past

    @cache
    def past() -> Past:
        tables = ("customer_360", "customer_events", "customer_service_contacts")
        return Past(settings, *(warehouse.read(f"select * from customer_360.{table}") for table in tables))

    return lambda moment: past().at(moment)


def event_types_of(models: Sequence[CareModel]) -> list[str]:
    """Every type of event that opens a door of these models, or that one of their paths listens to."""
    opening = {model.entry.event for model in models if isinstance(model.entry, EventEntry)}
    return sorted(opening.union(*({heard.event for heard in model.listens_to.values()} for model in models)))


def members_of_segments(warehouse: Warehouse, models: Sequence[CareModel]) -> pa.Table:
    """Who is in which segment. Not asked while no care model draws on one: then nobody waited for the table."""
    if not any(model.draws_on for model in models):
        return SEGMENTS.empty_table()
    return warehouse.read("select segment, customer_id from analytics.segments")


def held_back(warehouse: Warehouse, models: Sequence[CareModel]) -> dict[str, str]:
    """The care models that propose nothing now, each with the reason: the size of a segment they draw on."""
    drawn = {model.care_model: model.draws_on for model in models if model.draws_on}
    if not drawn:
        return {}
    every = [segment for segments in drawn.values() for segment in segments]
    told = breaches(warehouse.read("select * from analytics.segment_sizes"), every)
    return {name: told[segment] for name, segments in sorted(drawn.items()) for segment in segments if segment in told}
