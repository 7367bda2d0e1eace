"""Maps: everything is on them, nothing lies over anything, and they are read without colour, eyes or network."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from dagster_project.components.drawing_maps import EXAMPLES, examples, maps_of, shipped_models
from dagster_project.domain.care_models import CareModel
from dagster_project.domain.care_models.engine.schema import STANDINGS, TRANSITIONS
from dagster_project.domain.care_models.maps.counts import counts_of
from dagster_project.domain.care_models.maps.layout import ENTRY, Placed, placed
from dagster_project.domain.care_models.maps.map import SIZES, map_svg, told_in_text
from dagster_project.domain.care_models.maps.overview import shared_customers
from dagster_project.domain.care_models.maps.told import words_on_arrows
from dagster_project.domain.care_models.steps import Exit
from tests.domain.care_models.making import at, naive_utc

MODELS = {model.care_model: model for model in shipped_models()}
BOTH = pytest.mark.parametrize("layout", ["timeline", "path"])
EACH = pytest.mark.parametrize("name", sorted(MODELS))


def laid(model: CareModel, layout: str) -> Placed:
    return placed(model, SIZES[layout], words_on_arrows(model))


@EACH
@BOTH
def test_every_step_and_every_way_is_on_the_map(name: str, layout: str) -> None:
    model = MODELS[name]
    found = laid(model, layout)
    assert set(found.nodes) - {ENTRY, "end"} == {step.step for step in model.steps}
    ways = {(step.step, way.outcome) for step in model.steps for way in step.outcomes}
    assert {(edge.source, edge.outcome) for edge in found.edges if edge.source != ENTRY} == ways
    assert all(not isinstance(step.does, Exit) or step.outcomes == () for step in model.steps)


@EACH
@BOTH
def test_nothing_lies_over_anything(name: str, layout: str) -> None:
    found = laid(MODELS[name], layout)
    lanes: dict[int, list[tuple[float, float]]] = {}
    for node in found.nodes.values():
        lanes.setdefault(node.lane, []).append((node.along, node.along + node.size[0]))
    for spans in lanes.values():
        assert all(before[1] < after[0] for before, after in pairwise(sorted(spans)))
    assert all(before < after for before, after in pairwise(found.lanes))
    for edge in found.edges:  # an arrow goes forward
        assert found.nodes[edge.source].along < found.nodes[edge.target].along


@EACH
@BOTH
def test_a_map_is_whole_xml_that_says_itself_and_asks_nobody(name: str, layout: str) -> None:
    drawn = map_svg(MODELS[name], layout)  # type: ignore[arg-type]
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    described = [child.text for child in root if child.tag.endswith(("title", "desc"))]
    assert all(described)
    assert not re.search(r"(href|src|url)\s*=?\s*[\"'(]\s*(https?:|//)", drawn), "nothing is fetched"
    assert drawn == map_svg(MODELS[name], layout), "the same again"  # type: ignore[arg-type]


def test_the_text_names_every_contact() -> None:
    told = told_in_text(MODELS["high_value_fading"])
    for words in ("Once a month", "We miss you", "nothing for 10 days", "Call"):
        assert words in told


def test_the_pages_load_nothing_and_print_on_one_sheet() -> None:
    files = maps_of(list(MODELS.values()))
    assert {f"{name}.html" for name in MODELS} | {"overview.html"} <= set(files)
    for name, text in files.items():
        if name.endswith(".html"):
            assert "size:A3 landscape" in text
            assert not re.search(r"<(script|link|img)\b", text)
            assert not re.search(r"https?://(?!www\.w3\.org)", text)


@pytest.mark.parametrize("path", sorted(examples()), ids=lambda path: path.name)
def test_the_maps_in_the_documents_are_up_to_date(path: object) -> None:
    from pathlib import Path

    assert isinstance(path, Path)
    assert path.is_file(), "hoiva map --examples"
    assert path.read_text() == examples()[path], "hoiva map --examples"


def test_no_map_is_left_of_a_care_model_that_is_gone() -> None:
    assert set(EXAMPLES.glob("*.svg")) == set(examples())


def standing(
    enrolment: str, customer: str, care_model: str, step: str | None, outcome: str | None
) -> dict[str, object]:
    moment = naive_utc(at("2026-03-01T12:00"))
    return {
        "enrolment_id": enrolment, "customer_id": customer, "care_model": care_model, "version": "1",
        "is_withheld": False, "step": step, "outcome": outcome, "count_transitions": 1, "anchor_transitions": 1,
        "entered_at": moment, "arrived_at": moment, "anchored_at": moment,
    }  # fmt: skip


def went(enrolment: str, position: int, step: str | None, did: str) -> dict[str, object]:
    moment = naive_utc(at("2026-03-01T12:00"))
    return {
        "enrolment_id": enrolment, "position": position, "step": step, "did": did, "occurred_at": moment,
        "recorded_as_of": moment,
    }  # fmt: skip


STANDING = pa.Table.from_pylist(
    [
        standing("1", "a", "fading", "answer", None), standing("2", "b", "fading", None, "goal_reached"),
        standing("3", "a", "welcome", "letter", None), standing("4", "c", "fading", None, "left"),
    ],
    schema=STANDINGS,
)  # fmt: skip
PATH = pa.Table.from_pylist(
    [
        went("1", 0, None, "entered"), went("1", 1, "letter", "contacted"),
        went("2", 0, None, "entered"), went("2", 1, "letter", "contacted"), went("2", 2, "answer", "clicked"),
        went("2", 3, "pause", "goal_reached"), went("4", 0, None, "entered"), went("4", 1, "letter", "left"),
        went("3", 0, None, "entered"),
    ],
    schema=TRANSITIONS,
)  # fmt: skip


def test_counts_are_of_one_model_and_add_up() -> None:
    found = counts_of("fading", STANDING, PATH)
    assert (found.entered, found.inside, found.goal_reached, found.left) == (3, 1, 1, 1)
    assert found.steps["letter"].ways == {"contacted": 2}
    assert (found.steps["answer"].standing, found.steps["answer"].came) == (1, 2)
    assert found.entered == found.inside + found.goal_reached + found.left
    assert counts_of("welcome", STANDING, PATH).entered == 1


def test_shared_customers_are_those_inside_both_now() -> None:
    assert shared_customers(STANDING) == {("fading", "welcome"): 1}
    ended = STANDING.slice(1)
    assert shared_customers(ended) == {}


def test_live_counts_are_drawn() -> None:
    model = MODELS["high_value_fading"]
    first = next(iter(model.actions))
    rows = [standing(str(number), f"c{number}", model.care_model, first, None) for number in range(7)]
    path = pa.Table.from_pylist([went(str(number), 0, None, "entered") for number in range(7)], schema=TRANSITIONS)
    counts = counts_of(model.care_model, pa.Table.from_pylist(rows, schema=STANDINGS), path)
    assert "7 entered · 7 inside" in map_svg(model, "timeline", counts)
    assert "7 (7 here)" in map_svg(model, "path", counts)
    assert "7 entered" not in map_svg(model, "timeline")
