"""What care models propose: complete, in the form the decisions expect, and only for those who stand at an action."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.care_models import CANDIDATES, CareModel, Duration, candidates
from dagster_project.domain.care_models.steps import Action, Part, Variant, Wait
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import compile_condition
from dagster_project.domain.decisions.contact_id import contact_ids
from dagster_project.domain.decisions.schemas import CANDIDATE_SCHEMA
from tests.domain.care_models.making import MOMENT, SALT, ZONE, at, customers, enter, ids, model

EVENING = "2026-03-31T23:59:59"


def standing(care_model: CareModel, *people: str, as_of: str = EVENING, **more: Any) -> pa.Table:
    """People at the first step of a model."""
    found = enter(care_model, customers(*people), as_of)
    count = found.num_rows
    there = found["entered_at"].to_pylist()
    columns = {"step": ["first"] * count, "passed_step": [None] * count, "arrived_at": there, "due_at": [None] * count}
    columns |= more
    kinds = {"arrived_at": MOMENT, "due_at": MOMENT}
    for name, values in columns.items():
        found = found.append_column(name, pa.array(values, kinds.get(name, pa.string())))
    return found


def propose(care_model: CareModel, rows: pa.Table, as_of: str = EVENING, base: pa.Table | None = None) -> pa.Table:
    everyone = customers(*ids(rows)) if base is None else base
    return candidates(care_model, rows, everyone, at(as_of), zone=ZONE, salt=SALT, ask=evaluate)


def test_everyone_who_stands_at_an_action_becomes_one_proposal_in_the_form_the_decisions_read() -> None:
    tested = model(control=0.5)
    rows = standing(tested, "a", "b", "c", "d")
    proposed = propose(tested, rows)
    assert proposed.schema == CANDIDATES
    assert ids(proposed) == ["a", "b", "c", "d"]
    assert ids(proposed, "is_control") == ids(rows, "is_control")
    assert proposed.select(CANDIDATE_SCHEMA.names).cast(CANDIDATE_SCHEMA).num_rows == 4
    assert ids(proposed, "candidate_id") == contact_ids(
        ids(proposed), ids(proposed, "care_model"), ids(proposed, "step"), ids(proposed, "window_key"),
        ids(proposed, "channel"),
    )  # fmt: skip


def test_who_stands_elsewhere_proposes_nothing() -> None:
    tested = model()
    assert propose(tested, standing(tested, "a", step=[None])).num_rows == 0
    assert propose(tested, standing(tested, "a", step=["another"])).num_rows == 0


@pytest.mark.parametrize(
    ("lead", "as_of", "planned"),
    [
        ("0d", "2026-03-28T12:00", "2026-03-28T12:00"),
        ("1d", "2026-03-28T12:00", "2026-03-29T12:00"),  # 23 hours later
        ("24h", "2026-03-28T12:00", "2026-03-29T13:00"),
        ("1d", "2026-03-28T03:30", "2026-03-29T04:30"),  # the hour that does not exist
        ("1d", "2026-10-24T12:00", "2026-10-25T12:00"),  # 25 hours later
        ("1w", "2028-02-24T12:00", "2028-03-02T12:00"),
    ],
)
def test_lead_time_counts_days_of_the_business_zone(lead: str, as_of: str, planned: str) -> None:
    tested = model(lead=lead)
    assert ids(propose(tested, standing(tested, "a", as_of=as_of), as_of), "planned_for") == [naive_utc(at(planned))]


def test_an_action_with_a_condition_waits_until_it_holds() -> None:
    tested = model()
    action = tested.actions["first"]
    where = compile_condition("is_fading", {"is_fading": "boolean"})
    careful = replace(tested, parts=(replace(tested.parts[0], does=replace(action, where=where)),))
    base = customers("a", "b", is_fading=[True, False])
    assert ids(propose(careful, standing(tested, "a", "b"), base=base)) == ["a"]
    assert ids(propose(tested, standing(tested, "a", "b"), base=base)) == ["a", "b"], "negative control"


def test_variants_are_drawn_for_good_and_by_their_shares() -> None:
    tested = model()
    variants = tuple(
        Variant(name, share, name, "Hello", "https://shop.example/hello") for name, share in (("one", 3), ("two", 1))
    )
    varied = replace(tested, parts=(Part("first", Action("email", variants)),))
    people = [f"c{number}" for number in range(400)]
    rows = standing(varied, *people)
    treatments = ids(propose(varied, rows), "treatment")
    assert 60 < treatments.count("two") < 140
    again = propose(varied, rows.take(pa.array(range(399, -1, -1))), "2026-04-03T12:00")
    assert ids(again, "treatment") == treatments


def two_steps(pause: Wait | None = None) -> CareModel:
    tested = model()
    first = tested.parts[0]
    middle = (Part("pause", pause),) if pause else ()
    return replace(tested, parts=(first, *middle, replace(first, step="second")))


@pytest.mark.parametrize(
    ("arrives", "planned"),
    [
        ("2026-03-31T23:00", "2026-03-31T23:59:59"),  # there already
        ("2026-04-01T09:00", "2026-04-01T09:00"),  # comes before the next run: decided now, for its own hour
        ("2026-04-03T09:00", None),  # the letter before it is still being printed
    ],
)
def test_an_action_after_a_contact_to_come_is_planned_when_that_one_is_made(arrives: str, planned: str | None) -> None:
    tested = two_steps()
    rows = standing(tested, "a", step=["second"], arrived_at=[naive_utc(at(arrives))])
    expected = [] if planned is None else [naive_utc(at(planned))]
    assert ids(propose(tested, rows), "planned_for") == expected


@pytest.mark.parametrize(
    ("arrives", "due", "planned"),
    [
        ("2026-03-30T09:00", "2026-04-01T09:00", "2026-04-01T09:00"),  # it ends before the next run
        ("2026-03-30T09:00", "2026-04-02T09:00", None),
        ("2026-04-01T09:00", "2026-04-01T09:00", None),  # it has not begun: looked at again when it does
    ],
)
def test_an_action_after_a_pause_is_planned_for_the_end_of_the_pause(
    arrives: str, due: str, planned: str | None
) -> None:
    tested = two_steps(Wait(Duration(days=2)))
    moments = {"arrived_at": [naive_utc(at(arrives))], "due_at": [naive_utc(at(due))]}
    rows = standing(tested, "a", step=["pause"], **moments)
    expected = [] if planned is None else [naive_utc(at(planned))]
    assert ids(propose(tested, rows), "planned_for") == expected
