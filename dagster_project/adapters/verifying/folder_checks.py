"""Folders: nobody else can read what is personal, and nothing lies about that a broken-off step left."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.adapters.acks import SET_ASIDE
from dagster_project.domain.operations.findings import Finding

if TYPE_CHECKING:
    from dagster_project.settings import Home, Settings

OTHERS = 0o077  # the rights of everybody but the owner
SETTLED_AFTER = 3600  # seconds: a younger file may be in the hands of a step at work
# Written beside their place and renamed into it: .name.1234 (a process id), .name.new, and the published folders.
UNFINISHED = re.compile(r"\..+\.(\d+|new)$")
UNPUBLISHED = re.compile(r"\.(publishing|removed|backup)-\w+$")


def check_folders(settings: Settings) -> Iterator[Finding]:
    """What other accounts could read, what a broken-off step left, and answers nobody could use."""
    home = settings.at_home
    for path in (home.vault, home.outbox, home.landing):
        if path.is_dir() and path.stat().st_mode & OTHERS:
            yield Finding("open_to_others", str(path.relative_to(home.root)))
    for path in left_over(home):
        yield Finding("left_over", str(path.relative_to(home.root)))
    for path in sorted(home.acks.glob(f"*/{SET_ASIDE}/*.reason")) if home.acks.is_dir() else []:
        yield Finding("answer_set_aside", f"acks/{path.parts[-3]}/{path.name.removesuffix('.reason')}")


def left_over(home: Home, age: float = SETTLED_AFTER) -> list[Path]:
    """Files and folders under temporary names that nothing has touched for so many seconds."""
    found = [path for room in (home.root, home.vault) for path in room.glob(".*") if UNPUBLISHED.match(path.name)]
    for root in (home.lake, home.quarantine, home.vault, home.acks, home.outbox):
        for path in sorted(root.rglob(".*")) if root.is_dir() else []:
            if UNFINISHED.match(path.name) and path.is_file() and not _within(path, found):
                found.append(path)
    now = time.time()
    return [path for path in found if now - path.lstat().st_mtime >= age]


def _within(path: Path, folders: list[Path]) -> bool:
    return any(folder in path.parents for folder in folders)
