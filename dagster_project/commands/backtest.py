"""``hoiva backtest``: what a care model would have done in a past time, with what was known then."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project.commands.shared import AsJson, Home, err, out, print_json, settings_of

if TYPE_CHECKING:
    from dagster_project.domain.care_models.backtest.figures import Figures


def backtest(
    care_model: Annotated[str, typer.Argument(help="A care model by name, or a file of one that is not shipped yet.")],
    first: Annotated[str, typer.Option("--from", help="The first night, as 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", help="The last night, as 2026-03-31.")],
    with_others: Annotated[
        bool, typer.Option("--with-others", help="Play the other care models, too: they compete for the same days.")
    ] = False,
    page: Annotated[Path | None, typer.Option("--out", help="Where to write the page (HTML).")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Live through a past time again, night by night, with a ledger apart: nothing of the house is changed.

    Reads the published tables. The page says what was reached, when, at what cost, and what it cannot tell.
    """
    from rich.progress import Progress

    from dagster_project.components.trying import backtest_of
    from dagster_project.domain.care_models.backtest.page import backtest_page
    from dagster_project.domain.pages.page import render

    own = settings_of(home)
    days = _day(first, "--from"), _day(last, "--to")
    if days[0] > days[1]:
        raise typer.BadParameter("--from lies after --to", param_hint="--from")
    with Progress(console=err, transient=True, disable=as_json or not err.is_terminal) as progress:
        task = progress.add_task("nights", total=(days[1] - days[0]).days + 1)
        model, found, as_of = backtest_of(own, care_model, *days, with_others, lambda day: progress.advance(task))
    where = page or own.at_home.root / "backtests" / f"{found.care_model}_{days[0]}_{days[1]}.html"
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(render(backtest_page(model, found, as_of, own.zone), own.zone), encoding="utf-8")
    if as_json:
        print_json(_as_json(found) | {"page": str(where)})
        return
    _tell(found)
    out.print(f"\nThe page: {where}", soft_wrap=True)


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a day as 2026-03-31", param_hint=option) from None


def _tell(found: Figures) -> None:
    from rich.table import Table

    out.print(f"{found.care_model}: {found.first} to {found.last}, night by night\n")
    table = Table(box=None, padding=(0, 2), show_header=False)
    table.add_row("entered", f"{found.entered:,} ({found.in_control:,} in the control group)")
    for channel, count in found.contacts.items():
        table.add_row(f"contacts by {channel}", f"{count:,}")
    table.add_row("cost", f"{found.cost:,.2f}")
    for outcome, count in sorted(found.outcomes.items(), key=lambda each: -each[1]):
        table.add_row(f"ended: {outcome}" if outcome != "inside" else "still inside", f"{count:,}")
    for rule, count in found.stopped.items():
        table.add_row(f"stopped by {rule}", f"{count:,} (each night counted)")
    out.print(table)
    if found.is_thin:
        out.print("Too few entered to say anything about shares.")


def _as_json(found: Figures) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(found).items()}
