"""A home restored from a backup holds its tongue: it may have forgotten what it said after the backup was made.

While ``restored.json`` lies in the home, runs land, build, decide and claim, and nothing leaves. ``hoiva settle`` takes
in what left meanwhile and removes it. See docs/runbooks/restore.md.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.durable import PRIVATE_FILE, replace_file, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.settings import Home

HELD_WORDS = "this home was restored from a backup and sends nothing until hoiva settle"


def marker(home: Home) -> Path:
    """The file whose being there holds everything."""
    return home.root / "restored.json"


def is_held(home: Home) -> bool:
    """Whether nothing may leave this home now."""
    return marker(home).exists()


def hold(home: Home, told: dict[str, Any]) -> None:
    """Hold everything; ``told`` says which backup it was."""
    replace_file(marker(home), (json.dumps(told, indent=1) + "\n").encode(), PRIVATE_FILE)


def let_go(home: Home) -> None:
    """Let the exports go on."""
    marker(home).unlink(missing_ok=True)
    sync_folder(home.root)
