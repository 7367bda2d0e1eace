"""A care model drawn from a segment sees its members alone, and rests while the segment's size is wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pyarrow as pa
import pytest

from dagster_project.adapters.care_models import EntriesFound, find_entries
from dagster_project.adapters.enrolling import held_back
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.components.care_model import load_care_models
from dagster_project.domain.analytics.segments import SizeBand, sizes
from dagster_project.domain.care_models import CareModel, candidates
from dagster_project.settings import Settings
from tests.domain.care_models.making import NO_PAST, NOTHING, ZONE, at, customers, ids, remembered

AS_OF, LATER = at("2026-03-31T23:59:59"), at("2026-04-01T23:59:59")
BASE = customers(*"abcd", value_tier=["top"] * 4, is_fading=[True] * 4, count_open_complaints=[0] * 4)
SEGMENTS = pa.table({"segment": ["quiet", "quiet", "other"], "customer_id": ["a", "b", "c"]})


@pytest.fixture
def drawn() -> CareModel:
    model = load_care_models().items["high_value_fading"].as_model()
    return replace(model, segment="quiet", control_share=0.0)


def found(model: CareModel, home: Settings, past: pa.Table = NO_PAST, held: Collection[str] = ()) -> EntriesFound:
    return find_entries([model], BASE, NOTHING, past, LATER if held else AS_OF, home, SEGMENTS, held)


def test_members_alone_enter(drawn: CareModel, home: Settings) -> None:
    assert ids(found(drawn, home).entries) == ["a", "b"]
    assert ids(found(replace(drawn, segment=None), home).entries) == list("abcd")


def test_a_model_held_back_enrols_nobody_and_proposes_nothing(drawn: CareModel, home: Settings) -> None:
    assert found(drawn, home, held=[drawn.care_model]).entries.num_rows == 0


def test_who_is_in_stays_in_and_apart(drawn: CareModel, home: Settings) -> None:
    first = found(replace(drawn, control_share=0.5), home).entries
    past = remembered(first)
    rests = found(drawn, home, past, held=[drawn.care_model]).entries
    assert ids(rests) == ["a", "b"]
    assert ids(rests, "is_control") == ids(first, "is_control")
    assert candidates([drawn], rests, LATER, ZONE).num_rows == 0
    goes_on = find_entries([drawn], BASE, NOTHING, past, LATER, home, SEGMENTS).entries
    assert candidates([drawn], goes_on, LATER, ZONE).num_rows == 2


def test_another_model_goes_on(drawn: CareModel, home: Settings) -> None:
    assert ids(found(drawn, home, held=["another"]).entries) == ["a", "b"]


def test_the_size_decides_who_is_held_back(drawn: CareModel, home: Settings) -> None:
    free = replace(drawn, care_model="free", segment=None)
    fits = replace(drawn, care_model="fits", segment="other")
    band = {name: ("team:crm", "targeting", SizeBand(min_count=1, max_count=3)) for name in ("quiet", "other")}
    with open_warehouse(home) as warehouse:
        warehouse.write("analytics", "segment_sizes", sizes(band, {"quiet": 7, "other": 2}, 100))
        told = held_back(warehouse, [free, fits, drawn])
    assert told == {drawn.care_model: "segment quiet has 7 customers, its owner team:crm expects 1 to 3"}
