"""What every command of ``hoiva`` has: where to print, which home, which moment."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dagster_project.settings import Settings, settings

# No emoji: the record ga4:cookie:x is no biscuit.
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 110)
err = Console(stderr=True, highlight=False, emoji=False)

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The folder for all runtime files (HOIVA_HOME; default ./var).", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text for a person.")]


def settings_of(home: Path | None) -> Settings:
    """The settings, for the home that the command names."""
    if home is not None:
        os.environ["HOIVA_HOME"] = str(home)
        settings.cache_clear()
    return settings()


def moment_of(text: str | None, own: Settings, option: str) -> datetime:
    """The moment an option names, or now.

    Raises:
        typer.BadParameter: it is neither a day nor a moment.
    """
    from dagster_project.domain.clock import parse_as_of

    if text is None:
        return datetime.now(UTC)
    try:
        return parse_as_of(text, own.zone)
    except ValueError:
        raise typer.BadParameter(
            "write a day as 2026-03-31 or a moment as 2026-03-31T12:00", param_hint=option
        ) from None


def print_json(value: Any) -> None:
    """Print for a program."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def is_terminal() -> bool:
    """Whether what is printed goes to a person's screen, and not into a file or another program."""
    return sys.stdout.isatty()
