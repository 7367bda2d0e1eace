"""A care model drawn from a segment sees its members alone, and rests while the segment's size is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from dagster_project.adapters.enrolling import held_back
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.nights import Known
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.domain.analytics.segments import SizeBand, sizes
from dagster_project.domain.care_models import CareModel
from dagster_project.settings import Settings
from tests.adapters.living import Life, known
from tests.domain.care_models.making import customers, ids, model

AS_OF, LATER = "2026-03-31T23:59:59", "2026-04-01T23:59:59"
SEGMENTS = pa.table({"segment": ["quiet", "quiet", "other"], "customer_id": ["a", "b", "c"]})
HELD = {"tested": "segment quiet has 7 customers"}


def tonight(held: dict[str, str] | None = None) -> Known:
    return known(customers(*"abcd"), segments=SEGMENTS, held=held or {})


@pytest.fixture
def drawn() -> CareModel:
    return replace(model(), segment="quiet")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with open_ledger("sqlite://") as opened:
        yield opened


@pytest.fixture
def life(home: Settings, ledger: Ledger, drawn: CareModel) -> Life:
    return Life(home.model_copy(update={"holdout_share": 0.0}), ledger, [drawn])


def test_members_alone_enter(life: Life, drawn: CareModel) -> None:
    assert ids(life.night(AS_OF, tonight()).enrolments) == ["a", "b"]
    life.models = [replace(drawn, care_model="free", segment=None)]
    entered = life.night(LATER, tonight()).enrolments.to_pylist()
    assert [row["customer_id"] for row in entered if row["care_model"] == "free"] == list("abcd")


def test_a_model_held_back_enrols_nobody_and_proposes_nothing(life: Life) -> None:
    found = life.night(AS_OF, tonight(HELD))
    assert (found.enrolments.num_rows, found.candidates.num_rows) == (0, 0)


def test_who_is_in_stays_in_and_apart(life: Life, drawn: CareModel) -> None:
    life.models = [replace(drawn, control_share=0.5)]
    first = life.night(AS_OF, tonight())
    rests = life.night(LATER, tonight(HELD))
    assert ids(rests.enrolments) == ["a", "b"]
    assert ids(rests.enrolments, "is_control") == ids(first.enrolments, "is_control")
    assert rests.candidates.num_rows == 0
    assert life.night("2026-04-02T23:59:59", tonight()).candidates.num_rows > 0


def test_another_model_goes_on(life: Life) -> None:
    assert ids(life.night(AS_OF, tonight({"another": "rests"})).enrolments) == ["a", "b"]


def test_the_size_decides_who_is_held_back(drawn: CareModel, home: Settings) -> None:
    free = replace(drawn, care_model="free", segment=None)
    fits = replace(drawn, care_model="fits", segment="other")
    band = {name: ("team:crm", "targeting", SizeBand(min_count=1, max_count=3)) for name in ("quiet", "other")}
    with open_warehouse(home) as warehouse:
        warehouse.write("analytics", "segment_sizes", sizes(band, {"quiet": 7, "other": 2}, 100))
        told = held_back(warehouse, [free, fits, drawn])
    assert told == {drawn.care_model: "segment quiet has 7 customers, its owner team:crm expects 1 to 3"}
