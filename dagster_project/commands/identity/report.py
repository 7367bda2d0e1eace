"""``hoiva identity report``: the identity report as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, out, print_json, settings_of


def report(
    to: Annotated[
        Path | None, typer.Option("--out", help="The file to write; default: identity_report.html in the home.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write a page from the published tables: cluster sizes, what each rule joins, what was held, who may be several
    persons, and what the trained model holds each agreement to be worth. It has no values of anyone."""
    from dagster_project.components.identity_report import write_report_to

    own = settings_of(home)
    file, page = write_report_to(own, to or own.at_home.root / "identity_report.html")
    if as_json:
        print_json({"path": str(file), **{label.replace(" ", "_"): value for label, value in page.headline}})
        return
    for label, value in page.headline:
        out.print(f"{value:>12,}  {label}", markup=False)
    out.print(str(file), markup=False, soft_wrap=True)
