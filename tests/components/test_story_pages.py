"""The page about stories says what the form and the stories say, and the command tells what a story found."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from dagster_project.components.story import EndFile, MetFile, StoryFile, TurnFile, load_stories
from dagster_project.settings import CHECKOUT

PAGE = CHECKOUT / "docs" / "care_model_stories.md"
OF_SEMANTICS = CHECKOUT / "tests" / "stories"


def example() -> str:
    return PAGE.read_text().partition("```yaml\n")[2].partition("```")[0]


def hoiva(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["story", *arguments])


@pytest.fixture
def told(tmp_path: Path) -> Path:
    file = tmp_path / "told.yaml"
    file.write_text(example().replace("models/", f"{OF_SEMANTICS}/models/"))
    return file


@pytest.mark.parametrize("form", [StoryFile, TurnFile, MetFile, EndFile])
def test_the_page_explains_every_key(form: type[StoryFile]) -> None:
    text = PAGE.read_text()
    missing = [key for key in form.model_fields if not re.search(rf"`{key}[`:]", text)]
    assert missing == []


def test_the_page_lists_every_story_of_the_language() -> None:
    listed = set(re.findall(r"\[(\w+)\]\(\.\./tests/stories/\1\.yaml\) \| (.+?) \|", PAGE.read_text()))
    assert listed == {(name, item.title) for name, item in load_stories(OF_SEMANTICS).items.items()}


def test_every_file_of_a_story_has_its_name() -> None:
    files = load_stories(OF_SEMANTICS).files
    assert [name for name, file in files.items() if file.stem != name] == []


def test_the_story_of_the_page_passes_and_is_told_line_by_line(told: Path) -> None:
    done = hoiva(str(told))
    assert done.exit_code == 0, done.output
    assert "1 of 1 stories pass" in done.output
    assert "opened to letter by a machine" in done.output


def test_a_story_that_goes_otherwise_is_shown_with_both_sides(told: Path) -> None:
    told.write_text(told.read_text().replace("2026-03-09 09:00, step: call", "2026-03-08 09:00, step: call"))
    done = hoiva(str(told))
    assert done.exit_code == 1
    wrong = [line.split("  ") for line in done.output.splitlines() if "not as expected" in line]
    assert [[cell.strip() for cell in line if cell.strip()][:3] for line in wrong] == [
        ["2026-03-08 09:00", "call by phone", "nothing"],
        ["2026-03-09 09:00", "nothing", "call by phone script"],
    ]
    (verdict,) = json.loads(hoiva(str(told), "--json").stdout)
    assert verdict["passed"] is False
    assert [line["at"] for line in verdict["lines"] if line["fits"] is False] == [
        "2026-03-08 09:00",
        "2026-03-09 09:00",
    ]


def test_a_story_that_is_not_there_or_cannot_be_read_fails(told: Path) -> None:
    assert hoiva("no_such_story").exit_code == 1
    told.write_text(told.read_text().replace("starts:", "begins:"))
    done = hoiva(str(told))
    assert done.exit_code == 1
    assert "told.yaml:5: begins: is not a key here" in done.output
