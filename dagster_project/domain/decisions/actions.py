"""Proposals of stand-alone actions: one candidate for each way of an action and each customer it is for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.draws import in_control_group, stable_id
from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.domain.decisions.catalogue import (
    ACTION_COLUMNS,
    NEUTRAL,
    STEP,
    CatalogueAction,
    Learned,
    OfColumn,
    Treatment,
)
from dagster_project.domain.decisions.schemas import CANDIDATE_SCHEMA, MOMENT, MONEY, TEXT

if TYPE_CHECKING:
    from dagster_project.domain.care_models.doors import Ask

LIVE = ("claimed", "batched", "published", "accepted")  # reserved or made
NOT_ELIGIBLE = pa.schema([("department", TEXT), ("care_model", TEXT), ("count_not_eligible", pa.int64())])
Propensities = Mapping[tuple[str, str, str], float]  # by action, step and channel
NUMBER = pa.float64()
ACTION_KINDS = dict(zip(ACTION_COLUMNS, (TEXT, TEXT, NUMBER, MONEY), strict=True))


@dataclass(frozen=True)
class Proposed:
    """What the catalogue proposes as of a moment."""

    candidates: pa.Table  # CANDIDATE_SCHEMA, in the order of actions, treatments and customers
    not_eligible: pa.Table  # NOT_ELIGIBLE: per action that runs, candidates not written out, as it is not for them


def proposed(
    actions: Iterable[CatalogueAction],
    customers: pa.Table,
    as_of: datetime,
    zone: ZoneInfo,
    ask: Ask,
    propensities: Propensities | None = None,
    lately: Mapping[str, Collection[str]] | None = None,
    salt: str = "",
) -> Proposed:
    """What all stand-alone actions would do as of a moment; deciding is another matter.

    Whom an action is not for is only counted, as that is nearly everybody. Whoever fails a later condition is a
    candidate that says so (``fails``), so that the funnel can tell how many there were.

    Args:
        actions: of the catalogue; those that are not valid on the business day propose nothing.
        customers: ``customer_analytics`` with ``ACTION_COLUMNS``, one row per customer.
        as_of: the moment, with its zone.
        zone: the business zone.
        ask: answers conditions; unknown is no.
        propensities: what was learned; an action without any begins with its start.
        lately: per action, customers who have had it less than ``again_after`` ago: of :func:`had_lately`. For them
            it is not applicable.
        salt: of the draws of control groups.

    Raises:
        ConditionError: a condition cannot be answered for these rows; names the action.
    """
    today = business_date(as_of, zone)
    running = sorted((one for one in actions if one.runs_on(today)), key=lambda one: one.action)
    asked = {name: condition for one in running for name, condition in one.conditions.items()}
    answers = ask(asked, customers, as_of) if asked else {}
    found = [CANDIDATE_SCHEMA.empty_table()]
    counts = []
    for action in running:
        is_for = _holds(answers, f"{action.action}.eligibility", customers.num_rows)
        rows = customers.filter(is_for)
        count_others = (customers.num_rows - rows.num_rows) * len(action.treatments)
        counts.append((action.department, action.action, count_others))
        if rows.num_rows:
            own = {name: answers[name].filter(is_for) for name in action.conditions}
            fails = _fails(action, own, rows, (lately or {}).get(action.action, ()))
            context = _context(action, own, rows.num_rows)
            drawn = in_control_group(rows["customer_id"].to_pylist(), action.action, action.control_share, salt)
            for treatment in action.treatments:
                factors = {
                    "propensity": _propensity(action, treatment, rows, propensities or {}),
                    "context": context,
                    "value": _amount(action.value, rows),
                    "fails": fails,
                    "is_control": pa.array(drawn, pa.bool_()),
                }
                found.append(_written(action, treatment, rows, factors, as_of, today))
    columns: list[Sequence[object]] = list(zip(*counts, strict=True)) if counts else [(), (), ()]
    return Proposed(pa.concat_tables(found), pa.table([list(one) for one in columns], schema=NOT_ELIGIBLE))


def had_lately(
    actions: Iterable[CatalogueAction], contacts: pa.Table, as_of: datetime, zone: ZoneInfo
) -> dict[str, frozenset[str]]:
    """Per action the customers for whom it is too soon to have it again: ``again_after`` is not over, or it comes once.

    Contacts that were decided for this very moment or later do not count: the same moment again proposes the same.

    Args:
        actions: of the catalogue.
        contacts: customer_id (today's), care_model, status, planned_date, decided_as_of.
        as_of: the moment, with its zone.
        zone: the business zone.
    """
    today = business_date(as_of, zone)
    is_live = pc.is_in(contacts["status"], value_set=pa.array(LIVE))
    before = pc.less(contacts["decided_as_of"].cast(MOMENT), pa.scalar(naive_utc(as_of), MOMENT))
    theirs = contacts.filter(pc.and_(is_live, before)).select(["customer_id", "care_model", "planned_date"])
    found = {}
    for action in actions:
        own = theirs.filter(pc.equal(theirs["care_model"], action.action))
        if action.again_after is not None:
            over = pa.scalar(today - timedelta(days=action.again_after), pa.date32())
            own = own.filter(pc.greater(own["planned_date"], over))
        found[action.action] = frozenset(own["customer_id"].to_pylist())
    return found


def all_candidates(due: pa.Table, proposed_actions: pa.Table) -> pa.Table:
    """What the care models and the catalogue propose, on equal terms: ``CANDIDATE_SCHEMA``."""
    both = [one.select(CANDIDATE_SCHEMA.names).cast(CANDIDATE_SCHEMA) for one in (due, proposed_actions)]
    return pa.concat_tables(both)


def with_next_products(customers: pa.Table, next_products: pa.Table | None = None) -> pa.Table:
    """The customers with ``ACTION_COLUMNS`` beside theirs; unknown (null) where the analytics say nothing.

    Args:
        customers: customer_id and more, one row per customer.
        next_products: customer_id and ``ACTION_COLUMNS``, one row for each customer who has a next product.
    """
    for name, kind in ACTION_KINDS.items():
        column = pa.nulls(customers.num_rows, kind)
        if next_products is not None and next_products.num_rows:
            known = next_products["customer_id"].combine_chunks()
            places = pc.index_in(customers["customer_id"].combine_chunks(), value_set=known)
            column = next_products[name].cast(kind).take(places)
        customers = customers.append_column(name, column)
    return customers


def _holds(answers: Mapping[str, pa.BooleanArray], name: str, size: int) -> pa.BooleanArray:
    """The answers to a condition; without one everybody passes."""
    return answers[name] if name in answers else pa.array([True] * size, pa.bool_())


def _fails(
    action: CatalogueAction, own: Mapping[str, pa.BooleanArray], rows: pa.Table, had: Collection[str]
) -> pa.Array:
    """The first of its own conditions that each customer does not meet; null: none."""
    had_it = pc.is_in(rows["customer_id"].combine_chunks(), value_set=pa.array(sorted(had), TEXT))
    makes_sense = pc.and_not(_holds(own, f"{action.action}.applicability", rows.num_rows), had_it)
    does_good = _holds(own, f"{action.action}.suitability", rows.num_rows)
    later = pc.if_else(does_good, pa.scalar(None, TEXT), pa.scalar("suitability", TEXT))
    return pc.if_else(makes_sense, later, pa.scalar("applicability", TEXT))


def _context(action: CatalogueAction, own: Mapping[str, pa.BooleanArray], size: int) -> pa.Array:
    product: pa.Array = pa.array([1.0] * size, NUMBER)
    for number, one in enumerate(action.context):
        product = pc.if_else(own[f"{action.action}.context.{number}"], pc.multiply(product, one.times), product)
    return product


def _amount(given: float | OfColumn, rows: pa.Table) -> pa.Array:
    """A number of each customer; unknown (null) where its column is, or is no number that can be reckoned with."""
    if not isinstance(given, OfColumn):
        return pa.array([float(given)] * rows.num_rows, NUMBER)
    read = pc.multiply(rows[given.column].combine_chunks().cast(NUMBER), given.times)
    return pc.if_else(pc.is_finite(read), read, pa.scalar(None, NUMBER))


def _propensity(action: CatalogueAction, treatment: Treatment, rows: pa.Table, propensities: Propensities) -> pa.Array:
    given = action.propensity
    if isinstance(given, Learned):
        given = propensities.get((action.action, STEP, treatment.channel), given.start)
    chances = _amount(given, rows)
    is_chance = pc.and_(pc.greater_equal(chances, 0.0), pc.less_equal(chances, 1.0))
    return pc.if_else(is_chance, chances, pa.scalar(None, NUMBER))  # more than sure is no chance: unknown


def _written(
    action: CatalogueAction, treatment: Treatment, rows: pa.Table, factors: dict[str, pa.Array], as_of: datetime,
    today: date,
) -> pa.Table:  # fmt: skip
    customers = rows["customer_id"].to_pylist()
    window = action.window_key(today)
    ids = [stable_id(one, action.action, STEP, window, treatment.channel) for one in customers]
    same = {
        "enrolment_id": None,
        "department": action.department,
        "care_model": action.action,
        "version": str(action.version),
        "step": STEP,
        "window_key": window,
        "channel": treatment.channel,
        "treatment": treatment.treatment,
        "offer": treatment.offer,
        "subject": treatment.subject,
        "link": treatment.link,
        "language_fallback": action.language_fallback,
        "purpose": action.purpose,
        "action_class": action.action_class,
        "lever": action.priority / NEUTRAL * treatment.lever,
        "cost": treatment.cost,
        "minutes": treatment.minutes,
        "units": treatment.units,
        "planned_for": naive_utc(as_of),
    }
    kinds = {"cost": MONEY}
    columns = {"candidate_id": pa.array(ids, TEXT), "customer_id": pa.array(customers, TEXT), **factors}
    for name, value in same.items():
        kind = kinds.get(name, CANDIDATE_SCHEMA.field(name).type)
        columns[name] = pa.repeat(pa.scalar(value, kind), len(ids))
    return pa.table([columns[name] for name in CANDIDATE_SCHEMA.names], schema=CANDIDATE_SCHEMA)
