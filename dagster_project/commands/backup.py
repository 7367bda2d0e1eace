"""``hoiva backup``: a copy of everything that cannot be made again, while the house goes on working."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, err, out, print_json, settings_of


def backup(
    target: Annotated[Path, typer.Argument(help="A folder on another disk; each backup becomes a folder in it.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy ledger, lake, vault, outbox and what is published, as of one instant, with checksums.

    The warehouse is left out: `hoiva run` builds it from the lake. The copy holds personal data: guard it as the home.
    """
    from dagster_project.adapters.backing_up import back_up
    from dagster_project.cli_views import bar

    own = settings_of(home)
    with bar(err, quiet=as_json) as progress:
        task = progress.add_task("holding the instant", total=None)

        def on_file(done: int, total: int) -> None:
            progress.update(task, description="copying", completed=done, total=total)

        made = back_up(own, target, datetime.now(UTC), on_file)
    if as_json:
        print_json({"backup": str(made)})
    else:
        out.print(f"Backed up to {made}", markup=False, soft_wrap=True)
        out.print("Restore it with: hoiva restore BACKUP --home NEW_FOLDER (docs/runbooks/restore.md)")
