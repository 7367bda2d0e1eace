"""The examples under docs/examples do what they say: their commands exist, and their care models can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
import yaml

from dagster_project.cli import app
from dagster_project.components.trying import model_named
from dagster_project.settings import CHECKOUT

EXAMPLES = CHECKOUT / "docs" / "examples"
COMMAND = re.compile(r"^hoiva (\S+)(.*)$", re.MULTILINE)


def unknown(line: str) -> list[str]:
    """What of ``hoiva <command> --option ...`` there is not."""
    (command, rest), *_ = COMMAND.findall(line)
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    if command not in commands:
        return [command]
    options = {option for parameter in commands[command].params for option in parameter.opts}
    return [option for option in re.findall(r"(?<=\s)--[\w-]+", rest) if option not in options]


def steps_of(path: Path) -> list[str]:
    workflow = yaml.safe_load(path.read_text())
    return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


def test_every_command_of_the_conflict_check_exists() -> None:
    lines = [line for line in steps_of(EXAMPLES / "conflict_check.yml") if line.startswith("hoiva")]
    assert any("plan --revision" in line and "--markdown" in line for line in lines)
    assert [unknown(line) for line in lines] == [[]] * len(lines)


def test_a_command_that_is_none_is_found() -> None:
    assert unknown("hoiva plot --revision main") == ["plot"]
    assert unknown("hoiva plan --revisions main --markdown") == ["--revisions"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_draft_in_the_examples_is_a_care_model(path: Path) -> None:
    assert model_named(str(path)).care_model == path.stem
