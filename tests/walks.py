"""An operator who walks a runbook: its own lines, typed as they stand there, in a home of hers."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT

PAGES = CHECKOUT / "docs" / "runbooks"


@dataclass
class Walk:
    """An operator with a page in hand, in a folder of her own."""

    page: str
    folder: Path
    words: dict[str, str] = field(default_factory=dict)  # what the page leaves to her, as HOME and ONE_ID

    def lines(self, heading: str) -> list[str]:
        """The indented lines below a heading, each with her own words in it."""
        text = (PAGES / f"{self.page}.md").read_text()
        section = text.partition(heading)[2].partition("\n## ")[0]
        assert section, f"{self.page} has no heading {heading}"
        found = re.findall(r"^ {4,}(\S[^\n]*)$", section, re.MULTILINE)
        return [re.sub("|".join(self.words) or "$^", lambda word: self.words[word[0]], line) for line in found]

    def do(self, line: str) -> tuple[int, str]:
        """What one line ends with and says; commands of ours run in this process, as they were typed."""
        if not line.startswith("hoiva"):
            done = subprocess.run(["bash", "-c", line], cwd=self.folder, capture_output=True, text=True, check=True)
            return 0, done.stdout
        typed, _, given = line.partition("#")[0].partition("<")
        text = (self.folder / given.strip()).read_text() if given else None
        here = [str(self.folder / word) if "." in word or word == "aino" else word for word in shlex.split(typed)[1:]]
        done_here = CliRunner().invoke(app, here, input=text)
        if isinstance(done_here.exception, HoivaError):
            return 1, str(done_here.exception)
        assert done_here.exception is None or isinstance(done_here.exception, SystemExit), done_here.exception
        return done_here.exit_code, done_here.output

    def step(self, heading: str) -> list[tuple[int, str]]:
        """Every line of a step, one after another."""
        return [self.do(line) for line in self.lines(heading)]


def walk(page: str, home: Path, tmp_path: Path, **words: str) -> Walk:
    """A page in the hand of somebody at a desk beside this home."""
    folder = tmp_path / "desk"
    folder.mkdir(exist_ok=True)
    return Walk(page, folder, {"HOME": str(home)} | words)
