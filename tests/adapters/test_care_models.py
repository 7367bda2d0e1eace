"""The shipped care models on small rows: they enter whom they should, and one that fails stops itself alone."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from dagster_project.adapters.care_models import find_entries
from dagster_project.components.care_model import load_care_models
from dagster_project.domain.care_models import ENTRIES, CareModel, StateEntry, candidates
from dagster_project.domain.conditions import compile_condition
from dagster_project.settings import Settings
from tests.domain.care_models.making import NO_PAST, NOTHING, ZONE, at, customers, happened, ids, remembered

AS_OF = at("2026-03-31T23:59:59")


@pytest.fixture
def shipped() -> dict[str, CareModel]:
    return {name: item.as_model() for name, item in load_care_models().items.items()}


def entered(model: CareModel, base: pa.Table, events: pa.Table, home: Settings) -> list[str]:
    found = find_entries([model], base, events, NO_PAST, AS_OF, home)
    assert found.faults == {}
    return ids(found.entries)


def test_welcome_is_for_the_first_purchase_alone(shipped: dict[str, CareModel], home: Settings) -> None:
    base = customers(
        "first", "second", "complains", "long_ago", count_orders=[1, 2, 1, 1], count_open_complaints=[0, 0, 1, 0]
    )
    events = happened(
        ("first", "2026-03-30T12:00", "1"), ("second", "2026-03-30T12:00", "2"),
        ("complains", "2026-03-30T12:00", "3"), ("long_ago", "2026-03-01T12:00", "4"),
    )  # fmt: skip
    assert entered(shipped["welcome_after_first_purchase"], base, events, home) == ["first"]


def test_thanks_are_for_closed_service_contacts_when_nothing_is_open(
    shipped: dict[str, CareModel], home: Settings
) -> None:
    base = customers("closed", "one_open", count_open_service_contacts=[0, 1])
    events = happened(
        ("closed", "2026-03-30T12:00", "t1"), ("closed", "2026-03-31T12:00", "t2"),
        ("one_open", "2026-03-30T12:00", "t3"),
        event_type="service_closed",
    )  # fmt: skip
    assert entered(shipped["thank_you_after_service_call"], base, events, home) == ["closed", "closed"]


def test_fading_is_for_the_valuable_who_grow_quiet(shipped: dict[str, CareModel], home: Settings) -> None:
    tiers = ["top", "high", "middle", "top", "top"]
    base = customers(
        *"abcde", value_tier=tiers, is_fading=[True, True, True, False, True], count_open_complaints=[0, 0, 0, 0, 1]
    )
    assert entered(shipped["high_value_fading"], base, NOTHING, home) == ["a", "b"]


def test_all_shipped_models_together_run_twice_the_same(shipped: dict[str, CareModel], home: Settings) -> None:
    base = customers(*[f"c{number:03d}" for number in range(300)])
    events = pa.concat_tables(
        [
            happened(*[(f"c{number:03d}", "2026-03-30T12:00", f"o{number}") for number in range(0, 300, 2)]),
            happened(("c001", "2026-03-30T12:00", "t1"), event_type="service_closed"),
        ]
    )
    models = list(shipped.values())
    first = find_entries(models, base, events, NO_PAST, AS_OF, home).entries
    assert first.num_rows == 300 + 150 + 1
    assert 10 < sum(ids(first, "is_control")) < 60
    past = remembered(first, contacted="2026-03-31T23:59:59")
    again = find_entries(models[::-1], base, events, past, AS_OF, home).entries
    assert again.equals(first)
    proposed = candidates(models, first, AS_OF, ZONE)
    assert candidates(models[::-1], again, AS_OF, ZONE).equals(proposed)
    assert len(set(ids(proposed, "candidate_id"))) == proposed.num_rows == first.num_rows


def test_a_model_that_cannot_be_asked_stops_itself_alone(shipped: dict[str, CareModel], home: Settings) -> None:
    fading = shipped["high_value_fading"]
    where = compile_condition("no_such_column = 1", {"no_such_column": "bigint"})
    broken = replace(fading, care_model="broken", entry=StateEntry(where))
    found = find_entries([broken, fading], customers("a"), NOTHING, NO_PAST, AS_OF, home)
    assert set(ids(found.entries, "care_model")) == {"high_value_fading"}
    assert found.faults == {"broken": "broken: the column no_such_column is not in the rows asked about"}
    assert find_entries([], customers("a"), NOTHING, NO_PAST, AS_OF, home).entries.schema == ENTRIES
