"""``hoiva check``: whether the files of care models, actions, destinations are right, and what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dagster_project.commands.shared import AsJson, out, print_json


def check(
    named: Annotated[
        list[Path] | None,
        typer.Argument(help="Files of care models, encounters, stories, actions, destinations; without any, all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say of each care model, encounter, story, action and destination whether its file is right, or what to write.

    Nothing is read but these files. The exit code is 1 when one of them is wrong.
    """
    from dagster_project.components.checking import check_files, check_folders

    right, faults = check_files(named) if named else check_folders()
    if as_json:
        print_json({"right": right, "faults": [_as_json(fault) for fault in faults]})
    else:
        for kind, names in right.items():
            told = f": {', '.join(names)}" if named and names else ""
            out.print(f"{len(names)} {kind} right{told}", style="green" if names else None, soft_wrap=True)
        for fault in faults:
            out.print(f"{fault}", style="red", markup=False, highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)


def _as_json(fault: Any) -> dict[str, Any]:
    return {"file": fault.file, "line": fault.line, "key": fault.path, "reason": fault.reason}
