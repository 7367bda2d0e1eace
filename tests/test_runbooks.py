"""The runbooks name commands and options that exist, and the ones for hard days work from a terminal."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from dagster_project.adapters.verifying import verify
from dagster_project.cli import app
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.verifying.sound_home import make_sound_home

RUNBOOKS = sorted((CHECKOUT / "docs" / "runbooks").glob("*.md"))
COMMAND = re.compile(r"^ {4,}(hoiva [^\n#]+)|`(hoiva [^`\n]+)`", re.MULTILINE)
GROUP: Any = typer.main.get_command(app)


def commands_in(text: str) -> list[str]:
    return [(one or other).strip() for one, other in COMMAND.findall(text)]


def fault_of(line: str) -> str | None:
    """What a command line has that the command does not know; None when it would be understood."""
    words = [word for word in shlex.split(line)[1:] if word not in ("...", "FILE...")]
    command: Any = GROUP
    while hasattr(command, "commands") and words:
        name = words.pop(0)
        if name not in command.commands:
            return f"hoiva has no command {name}"
        command = command.commands[name]
    try:
        command.make_parser(command.context_class(command)).parse_args(words)
    except Exception as error:
        if type(error).__name__ not in ("NoSuchOption", "BadOptionUsage"):
            raise
        return str(error)
    return None


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_every_command_of_a_runbook_exists_with_its_options(page: Path) -> None:
    later = {"hoiva erase"}  # commands of parts that may not be installed
    faults = {line: fault_of(line) for line in commands_in(page.read_text())}
    missing = {one for one in later if one.split()[1] not in GROUP.commands}
    assert {line: why for line, why in faults.items() if why and not any(line.startswith(one) for one in missing)} == {}


def test_a_wrong_command_line_is_noticed() -> None:
    """Negative control."""
    assert fault_of("hoiva verify --repair") is None
    assert fault_of("hoiva verify --mend") is not None
    assert fault_of("hoiva veryfi") is not None
    assert commands_in("    hoiva verify  # look\nor `hoiva status` ") == ["hoiva verify", "hoiva status"]


def test_a_home_is_backed_up_restored_looked_at_and_settled_from_a_terminal(tmp_path: Path) -> None:
    own = Settings(home=tmp_path / "home")
    own.at_home.make()
    run = CliRunner().invoke

    def told(*words: str, code: int = 0) -> dict[str, object]:
        done = run(app, [*words, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    made = told("backup", str(tmp_path / "backups"), "--home", str(own.home))["backup"]
    assert told("verify", "--home", str(own.home)) == {"findings": [], "mended": []}
    new = str(tmp_path / "new")
    assert told("restore", str(made), "--home", new)["batches"] == {}
    assert told("settle", "--home", new)["is_open"] is False
    again = run(app, ["settle", "--home", new])
    assert again.exit_code == 1
    assert "is not held" in str(again.exception)
    assert run(app, ["settle", "--last", "letters", "--home", new]).exit_code == 2


def test_what_is_wrong_is_shown_with_what_to_do(tmp_path: Path) -> None:
    own = Settings(home=tmp_path / "home")
    own.at_home.make()
    make_sound_home(own, tmp_path / "delivered")
    own.at_home.vault.chmod(0o755)
    done = CliRunner().invoke(app, ["verify", "--home", str(own.home)])
    assert done.exit_code == 1
    assert "danger: open_to_others" in done.stdout
    assert "--repair takes their rights away" in done.stdout
    mended = CliRunner().invoke(app, ["verify", "--repair", "--home", str(own.home)])
    assert mended.exit_code == 0
    assert "mended: open_to_others" in mended.stdout
    assert "Everything agrees" in mended.stdout
    assert verify(own) == []
