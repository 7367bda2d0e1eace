"""``hoiva plan``: what care models and actions would do, beside what is live; nothing is sent or written."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project.commands.shared import AsJson, Home, err, moment_of, out, print_json, settings_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from dagster_project.domain.care_models.plan import Plan, Planned
    from dagster_project.domain.decisions.overlaps import Conflicts


def plan(
    named: Annotated[
        list[str] | None,
        typer.Argument(help="Care models and actions by name, or files not shipped yet; without any, all."),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option("--revision", help="A git revision to compare with, instead of what customers entered last."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The day (its end) or moment; default: of what is published.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, as for a pull request.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say who would enter and be contacted, at what cost, what others lose by it, and what differs from what is live.

    Reads the published tables and a copy of the ledger: nothing of the house is changed.
    """
    from dagster_project.components.planning import plan_of
    from dagster_project.domain.care_models.plan import in_markdown

    own = settings_of(home)
    moment = None if as_of is None else moment_of(as_of, own, "--as-of")
    with err.status("planning") if err.is_terminal and not as_json else nullcontext():
        found = plan_of(own, list(named or []), revision, moment)
    if as_json:
        print_json(_as_json(found))
    elif markdown:
        sys.stdout.write(in_markdown(found, own.zone))
    else:
        _tell(found, own.zone)
    if any(each.planned is not None and each.planned.fault for each in found.models):
        raise typer.Exit(1)


def _tell(found: Plan, zone: ZoneInfo) -> None:
    from rich.markup import escape

    from dagster_project.domain.care_models.plan import figures, heading, meetings, verdict, verdict_together

    out.print(heading(found, zone), soft_wrap=True)
    for each in found.models:
        out.print(f"\n[bold]{each.care_model}[/]  {escape(each.title)}")
        for note in each.notes:
            out.print(f"  ! {note}", style="yellow", markup=False, soft_wrap=True)
        for change in each.changes:
            out.print(f"  - {change}", markup=False, soft_wrap=True)
        if not each.changes:
            out.print("  no difference", style="dim")
        if each.planned is not None and each.planned.fault:
            out.print(f"  it does not run: {each.planned.fault}", style="red", markup=False, soft_wrap=True)
        else:
            _table(figures(each), each)
        for line in meetings(each):
            out.print(f"  {line}", markup=False, soft_wrap=True)
        if each.conflicts is not None:
            _tell_conflicts(each.conflicts, verdict(each.conflicts))
    if found.together is not None:
        out.print("\n[bold]All of these at once[/]")
        _tell_conflicts(found.together, verdict_together(found.together))
    if not found.models:
        out.print("\nNothing differs.")


def _table(rows: list[tuple[str, str, str]], each: Planned) -> None:
    from rich.table import Table

    if not rows:
        return
    has_both = each.live is not None and bool(each.changes)
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for title in ("", *(["live"] if has_both else []), "planned"):
        table.add_column(title, justify="left" if not title else "right")
    for name, live, planned in rows:
        table.add_row(f"  {name}", *([live] if has_both else []), planned)
    out.print(table)


def _tell_conflicts(found: Conflicts, sentence: str) -> None:
    """What it takes from the others: in a sentence, then by channel and week, then by rule."""
    from rich.table import Table

    from dagster_project.domain.care_models.plan import GIVES_WAY, SHARED, displaced_rows, shared_rows

    out.print(f"  {sentence}", markup=False, soft_wrap=True)
    for heads, rows in ((SHARED, shared_rows(found)), (GIVES_WAY, displaced_rows(found))):
        table = Table(box=None, padding=(0, 1), header_style="dim")
        for position, head in enumerate(heads):
            table.add_column(head, justify="left" if position < 4 else "right", overflow="fold")
        for row in rows:
            table.add_row(*row)
        if rows:
            out.print(table)


def _as_json(found: Plan) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)
