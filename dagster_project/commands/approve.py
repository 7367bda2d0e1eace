"""``hoiva approve``: let a change go that is too great to go without a person's word, or not."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, out, print_json, settings_of


def approve(
    destination: Annotated[str, typer.Argument(help="The destination whose change waits; `hoiva status` names it.")],
    because: Annotated[str, typer.Option("--because", help="Why, for whoever asks later.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="It must not go: the tool keeps what it holds.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="Who decides; default: who is logged in.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let a held change of a destination go with its next export, or refuse it: exactly that change, no later one."""
    from dataclasses import asdict

    from dagster_project.adapters.approving import decide, in_words

    own = settings_of(home)
    who = by or getpass.getuser()
    decided = decide(own, destination, is_approved=not refuse, by=who, because=because, moment=datetime.now(UTC))
    if as_json:
        print_json(asdict(decided) | {"in_words": in_words(decided)})
        return
    what = "goes with the next export" if decided.decision == "approved" else "does not go"
    out.print(f"{destination}: the change that {in_words(decided)} {what} ({decided.decision} by {who})", markup=False)
