"""``hoiva export-person``: everything that is held of a person, for her alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.erase import wanted_of
from dagster_project.commands.shared import Home, err, is_terminal, settings_of
from dagster_project.errors import HoivaError


def export_person(
    customer_id: Annotated[
        str | None, typer.Argument(help="A customer by any id they ever had.", show_default=False)
    ] = None,
    email: Annotated[str | None, typer.Option("--email", help="Whoever has this address; `-` reads it.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Whoever has this number; `-` reads it.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="A new folder for everything; without it, JSON.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Print it to a screen all the same.")] = False,
    home: Home = None,
) -> None:
    """Gather all that is held of one person, from every store, each row with its source.

    With `--to` a folder readable by its owner alone: `everything.json`, and a CSV for each place. Without it JSON goes
    to standard output, for another program or a file; a screen is refused, as others may see it, unless `--show`.
    """
    from dagster_project.adapters.erasing.giving import as_json, held_of, write_held
    from dagster_project.components.erasing import house_of

    own = settings_of(home)
    wanted = wanted_of([customer_id] if customer_id else None, email, phone, None, everyone=False)
    if not (wanted.customer_ids or wanted.emails or wanted.phones):
        raise typer.BadParameter("name a customer, an --email or a --phone")
    if to is None and is_terminal() and not show:
        raise HoivaError("personal data do not go to a screen: give --to FOLDER, pipe it on, or add --show")
    with house_of(own) as house, err.status("gathering"):
        held = held_of(own, house.ledger, house.contracts, wanted)
    if to is None:
        sys.stdout.write(as_json(held) + "\n")
        return
    files = write_held(held, to)
    err.print(f"{sum(held.counts().values())} rows of {len(held.counts())} places in {len(files)} files", markup=False)
