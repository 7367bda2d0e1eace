"""The form of an encounter's file, and what a care model's step takes from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dagster_project.components.care_model import CareModelFile, context_of
from dagster_project.components.encounter import ENCOUNTERS, SCHEMA, EncounterFile, json_schema, load_encounters, main
from dagster_project.components.fenced import files_of, validate_text
from dagster_project.domain.care_models import CareModel
from dagster_project.domain.care_models.steps import Action
from dagster_project.settings import CHECKOUT

PAGE = CHECKOUT / "docs" / "contracts" / "encounter.md"
GOOD = """\
encounter: hello
title: Hello
stage: use
stress: low
goal: They know us
channel: email
treatment: hello
subject: Hello to you
link: https://shop.example/hello
cost: 0.02
"""
MODEL = """\
care_model: greeting
title: Greeting
version: 1
owner: marketing
stage: use
purpose: marketing
action_class: marketing
entry: {trigger: event, event: purchase, within: 7d}
reentry: never
steps:
  - id: first
    encounter: hello
"""


def faults_of(text: str) -> list[str]:
    read = validate_text(text, "hello.yaml", EncounterFile)
    return [str(fault) for fault in read] if isinstance(read, list) else []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.yaml").write_text(GOOD)
    return tmp_path


def model_with(folder: Path, more: str = "") -> CareModel | list[str]:
    read = validate_text(MODEL + more, "greeting.yaml", CareModelFile, context_of(folder))
    return [str(fault) for fault in read] if isinstance(read, list) else read[0].as_model()


def first(folder: Path, more: str = "") -> Action:
    model = model_with(folder, more)
    assert isinstance(model, CareModel), model
    return model.actions["first"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("stress: low", "stress: none", "4: stress: should be 'low', 'medium' or 'high'"),
        ("stage: use", "stage: useing", "3: stage: should be 'discover', 'choose', 'buy', 'receive', 'use', "
         "'get_help', 'belong' or 'come_back'; did you mean use?"),
        ("stress: low", "stress: high\nsells: true", "1: stress is high: such an encounter sells nothing, take away "
         "sells and offer"),
        ("stress: low", "stress: high\noffer: present", "1: stress is high: such an encounter sells nothing, take away "
         "sells and offer"),
        ("goal: They know us\n", "", "1: goal: is missing"),
        ("cost: 0.02", "costs: 0.02", "10: costs: is not a key here; did you mean cost?"),
        ("https://shop.example/hello", "https://shop.example/", "9: link: leads to one page, not to the front door: "
         "add the path"),
    ],
)  # fmt: skip
def test_a_slip_is_named_by_file_line_and_key(old: str, new: str, expected: str) -> None:
    assert faults_of(GOOD) == []
    assert faults_of(GOOD.replace(old, new)) == [f"hello.yaml:{expected}"]


def test_a_step_takes_all_of_an_encounter_and_may_say_parts_anew(folder: Path) -> None:
    taken = first(folder)
    assert (taken.encounter, taken.channel, taken.variants[0].subject) == ("hello", "email", "Hello to you")
    assert str(taken.cost) == "0.02"
    own = first(folder, "    subject: Good day\n    cost: 0.05\n")
    assert (own.variants[0].subject, own.variants[0].treatment, str(own.cost)) == ("Good day", "hello", "0.05")


def test_an_encounter_that_is_missing_or_wrong_stops_the_models_that_use_it(folder: Path) -> None:
    assert isinstance(model_with(folder), CareModel)
    (folder / "hello.yaml").write_text(GOOD.replace("stress: low", "stress: none"))
    expected = "greeting.yaml:12: steps.0.encounter: there is no encounter 'hello' that is right: write or mend"
    assert model_with(folder) == [f"{expected} encounters/hello.yaml"]


@pytest.mark.parametrize("more", ["    sells: true\n", "    offer: present\n"])
def test_no_step_adds_a_sale_to_an_encounter_in_which_the_customer_is_tense(folder: Path, more: str) -> None:
    assert isinstance(model_with(folder, more), CareModel), "where stress is low it may"
    (folder / "hello.yaml").write_text(GOOD.replace("stress: low", "stress: high"))
    assert isinstance(model_with(folder), CareModel), "what sells nothing may be taken"
    expected = "greeting.yaml:11: steps.0: the customer is tense in 'hello': take away sells and offer"
    (fault,) = model_with(folder, more)  # type: ignore[misc]
    assert fault.startswith(expected)


def test_one_bad_encounter_never_stops_the_others(folder: Path) -> None:
    (folder / "bad.yaml").write_text(GOOD.replace("channel: email", "channel: pigeon"))
    found = load_encounters(folder)
    assert list(found.items) == ["hello"]
    assert [fault.file for fault in found.faults] == ["bad.yaml"]


def test_the_command_lists_what_is_right_and_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    (folder / "bad.yaml").write_text(GOOD.replace("stress: low", "stress: none"))
    assert main([str(folder)]) == 1
    assert "hello.yaml: Hello, by email\nbad.yaml:4: stress:" in capsys.readouterr().out


def test_the_json_schema_is_up_to_date_and_every_file_names_it() -> None:
    assert SCHEMA.read_text() == json_schema(), "python -m dagster_project.components.encounter --write-schema"
    properties = json.loads(json_schema())["properties"]
    for path in files_of(ENCOUNTERS):
        assert set(YAML(typ="safe", pure=True).load(path.read_text())) <= set(properties)
        line = path.read_text().splitlines()[0]
        assert "$schema=" not in line or (path.parent / line.split("$schema=")[1]).resolve() == SCHEMA


def test_the_page_explains_every_key_and_its_example_is_right() -> None:
    page = PAGE.read_text()
    assert [key for key in json.loads(json_schema())["properties"] if f"| `{key}` |" not in page] == []
    (example,) = page.split("```yaml\n")[1:]
    assert faults_of(example.split("```")[0]) == []
