"""``hoiva demo``: a synthetic town lives a year, its systems deliver their files, and the day runs once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from dagster_project.settings import Settings


def run_demo(settings: Settings, customers: int, days: int, seed: int, out: Console, err: Console) -> bool:
    """Make the town, land its files, run the day, and say what to look at. Whether all went well.

    Run it again and nothing changes: the files are known, the contacts are claimed, the batches lie where they lay.
    """
    from dagster_project.adapters.landing import land_all
    from dagster_project.adapters.reporting import run_summary
    from dagster_project.adapters.town import deliver
    from dagster_project.cli_views import bar, entry_doors, number, progress_of_a_run, show_run
    from dagster_project.domain.clock import end_of_day
    from dagster_project.domain.synthetic import make_town

    home = settings.at_home.make()
    err.print(f"1. A town of {customers:,} people lives for {days} days (seed {seed})")
    town = make_town(customers=customers, days=days, seed=seed)
    delivered = home.root / "town"
    files = deliver(town, delivered, by="whole")
    err.print(
        f"2. Its five systems deliver {len(files)} files to {_short(settings, delivered)}; the file gate takes them in"
    )
    refused = []
    with bar(err, quiet=False) as progress:
        task = progress.add_task("landing", total=len(files))
        for done, file in enumerate(files):
            progress.update(task, description=file.name, completed=done)
            landed = land_all(settings, file.parent.name, [file], None, None, history=True)
            refused += [delivery for delivery in landed if delivery["status"] == "refused"]
    moment = end_of_day(town.last_day, settings.zone)
    err.print(
        f"3. The day runs as of {town.last_day}: dbt builds the customer 360, care models propose, one place decides"
    )
    outcome = progress_of_a_run(settings, moment, err)
    summary = run_summary(settings, outcome, moment)
    show_run(out, summary)
    for delivery in refused:
        out.print(f"refused: {delivery['file_name']}: {delivery['message']}", style="red", markup=False)
    numbers = summary["published"] or {}
    examples = numbers.get("chosen_examples", [])
    if examples:
        out.print("Chosen, one of each care model")
        doors = entry_doors()
        for row in examples:
            chosen = f"{row['care_model']}: {row['step']} by {row['channel']}"
            out.print(f"  {row['customer_id']}  {chosen}", markup=False)
            out.print(f"      because {doors[row['care_model']]}", style="dim", markup=False)
        out.print()
    where = [
        ("audience batches", home.outbox),
        ("published tables (Parquet)", home.published),
        ("pages to look at (HTML)", home.published / "reports"),
        ("what did not fit, by file and line", home.quarantine),
        ("what the expectations found (HTML)", home.data_docs / "index.html"),
    ]
    for meaning, path in where:
        if path.exists():
            out.print(f"  {meaning:<36} {_short(settings, path)}", markup=False)
    flag = "" if settings.home == Path("var") else f" --home {settings.home}"
    if examples:
        out.print(f"\nNext: .venv/bin/hoiva explain {examples[0]['customer_id']}{flag}  (one customer, every reason)")
    out.print(f"      .venv/bin/hoiva status{flag}  ·  make dev (the Dagster UI)  ·  README.md (one customer's story)")
    out.print(f"\nThe run took {number(sum(outcome.step_seconds.values()))} s in {len(outcome.step_seconds)} steps.")
    return outcome.success and not refused


def _short(settings: Settings, path: Path) -> str:
    """A path as the person wrote its home."""
    return str(settings.home / path.relative_to(settings.at_home.root))
