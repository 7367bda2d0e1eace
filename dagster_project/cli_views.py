"""How the ``hoiva`` command shows things to a person: tables, a progress bar, and where to look next."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from dagster_project.adapters.jobs import JobOutcome
    from dagster_project.settings import Settings


def bar(console: Console, quiet: bool) -> Progress:
    """A progress bar that shows only when a person waits, and leaves nothing behind."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<34}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )


def progress_of_a_run(settings: Settings, as_of: datetime, console: Console, quiet: bool = False) -> JobOutcome:
    """Run the job ``day`` and show which step is at work; without a terminal, a line a step."""
    from dagster_project.adapters.jobs import run_job

    with bar(console, quiet) as progress:
        task = progress.add_task("starting", total=None)

        def on_step(step: str, done: int, total: int) -> None:
            progress.update(task, description=step, completed=done, total=total)
            if not quiet and not console.is_terminal:
                console.print(f"  [{done + 1}/{total}] {step}", markup=False)

        return run_job(settings, "day", as_of, on_step)


def land_files(
    settings: Settings,
    source: str,
    files: list[Path],
    table: str | None,
    arrived_at: datetime | None,
    *,
    history: bool,
    console: Console,
    quiet: bool = False,
) -> list[dict[str, Any]]:
    """Hand each file to the gate; one that is refused does not stop the next."""
    from dagster_project.adapters.landing import land_all

    with bar(console, quiet) as progress:
        task = progress.add_task("landing", total=len(files))

        def on_file(name: str, done: int) -> None:
            progress.update(task, description=name, completed=done)

        return land_all(settings, source, files, table, arrived_at, history=history, on_file=on_file)


def table_of(title: str, columns: list[str], rows: list[list[Any]], right: tuple[int, ...] = ()) -> Table:
    """A plain table; the numbered columns (from 0) are numbers."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", pad_edge=False)
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*[number(cell) for cell in row])
    return table


def number(cell: Any) -> str:
    """A cell as text: thousands apart, yes and no, moments to the minute, a dash for nothing.

    >>> [number(1234567), number(True), number(None), number(datetime(2026, 3, 31, 20, 59))]
    ['1,234,567', 'yes', '-', '2026-03-31 20:59']
    """
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    return str(cell)


def show_deliveries(out: Console, deliveries: list[dict[str, Any]]) -> None:
    """What became of each file: delivered = loaded + quarantined + erased."""
    names = ["source", "table_name", "file_name", "status"]
    counts = ["count_delivered", "count_loaded", "count_quarantined", "count_erased"]
    rows = [[delivery[name] for name in [*names, *counts]] for delivery in deliveries]
    heads = ["source", "table", "file", "status", "delivered", "loaded", "quarantined", "erased"]
    out.print(table_of("Deliveries", heads, rows, (4, 5, 6, 7)))
    for delivery in deliveries:
        if delivery["message"]:
            out.print(f"  {delivery['file_name']}: {delivery['message']}", markup=False)


def deliveries_by_table(deliveries: list[dict[str, Any]]) -> list[list[Any]]:
    """Per source and table: files, and rows delivered, loaded, quarantined, erased; refused files counted apart."""
    sums: dict[tuple[str, str], list[int]] = {}
    for delivery in deliveries:
        counts = sums.setdefault((delivery["source"], delivery["table_name"] or "?"), [0, 0, 0, 0, 0, 0])
        if delivery["status"] == "loaded":
            counts[0] += 1
            counts[1] += delivery["count_delivered"] or 0
            counts[2] += delivery["count_loaded"] or 0
            counts[3] += delivery["count_quarantined"] or 0
            counts[4] += delivery["count_erased"] or 0
        elif delivery["status"] in ("refused", "held"):
            counts[5] += 1
    return [[*names, *counts] for names, counts in sorted(sums.items())]


def show_status(out: Console, state: dict[str, Any]) -> None:
    """The state of a home on one screen."""
    heads = ["source", "table", "files", "delivered", "loaded", "quarantined", "erased", "refused"]
    if state["deliveries"]:
        out.print(table_of("Delivered", heads, deliveries_by_table(state["deliveries"]), (2, 3, 4, 5, 6, 7)))
    else:
        out.print("Nothing has been delivered yet: hoiva land SOURCE FILE..., or make demo.")
    if state["published"]:
        show_published(out, state["published"])
    else:
        out.print("Nothing is published yet: hoiva run --as-of 2026-03-31")
    show_batches(out, state["batches"])
    show_held(out, state["held_changes"])
    for line in state.get("health", {}).get("to_look_at", []):
        out.print(line, style="yellow", markup=False, soft_wrap=True)


def show_held(out: Console, held: list[dict[str, Any]]) -> None:
    """Which changes wait for a person's word, and what was said."""
    for change in held:
        word = change["decision"] or f"held: hoiva approve {change['destination']}"
        text = f"{change['destination']}: its next batch {change['in_words']} ({word})"
        out.print(text, style="yellow", markup=False)


def show_published(out: Console, numbers: dict[str, Any]) -> None:
    """Customers, lifecycle, segments and the funnel of decisions."""
    out.print(
        f"As of {number(numbers['as_of'])} UTC: {number(numbers['count_customers'])} customers,"
        f" {number(numbers['count_buyers'])} of them have bought, for {numbers['total_purchase_amount'] or 0:,.2f}.\n"
    )
    if "lifecycle" in numbers:
        rows = [[row["lifecycle_stage"], row["count_customers"]] for row in numbers["lifecycle"]]
        out.print(table_of("Where customers stand", ["lifecycle stage", "customers"], rows, (1,)))
    if "segments" in numbers:
        rows = [[row["segment"], row["count_customers"], row["is_within_band"]] for row in numbers["segments"]]
        out.print(table_of("Segments", ["segment", "customers", "size as expected"], rows, (1,)))
    if "decisions" in numbers:
        rows = [
            [row["care_model"], row["outcome"], row["stopped_by"] or "-", row["count_candidates"]]
            for row in numbers["decisions"]
        ]
        out.print(
            table_of("Decisions", ["care model", "outcome", "first rule that stopped it", "candidates"], rows, (3,))
        )


def show_batches(out: Console, batches: list[dict[str, Any]]) -> None:
    """Which files lie where, for whom."""
    rows = [
        [
            batch["destination"],
            batch["sequence"],
            ", ".join(f"{file['name']} ({number(file['rows'])})" for file in data),
        ]
        for batch in batches
        if (data := [file for file in batch["files"] if file["name"] != "rows.csv"])
    ]
    if rows:
        out.print(table_of("Batches in outbox/<destination>/", ["destination", "batch", "files (rows)"], rows, (1,)))


def show_run(out: Console, summary: dict[str, Any]) -> None:
    """The end of a run: what failed first, then the state it left."""
    for step, reason in summary["failed_steps"].items():
        out.print(f"FAILED {step}: {reason}", style="red", markup=False)
    for step in summary["skipped_steps"]:
        out.print(f"not run, because something before it failed: {step}", style="yellow", markup=False)
    for check in summary["failed_checks"]:
        out.print(f"check failed: {check}", style="yellow", markup=False)
    for one in summary.get("erasures", []):
        out.print(f"erasure {one['erasure_id']}: {one['state']}", markup=False)
    show_status(out, summary)


def entry_doors() -> dict[str, str]:
    """In words, what opens the door of each care model, and whom each action of the catalogue is for now."""
    from dagster_project.components.action import catalogue
    from dagster_project.components.care_model import load_care_models
    from dagster_project.domain.care_models.maps.words import condition_in_words, entry_in_words

    doors = {name: entry_in_words(item.as_model()) for name, item in load_care_models().items.items()}
    for name, action in catalogue().items():
        asked = [one for one in (action.eligibility, action.applicability) if one is not None]
        doors[name] = ("an action of its own", ", ".join(map(condition_in_words, asked)))
    return {name: ": ".join(part for part in door if part) for name, door in doors.items()}


def show_explanation(out: Console, story: dict[str, Any]) -> None:
    """One customer as a page."""
    from dagster_project.commands.identity.views import show_identity

    asked = "" if story["asked_as"] == story["customer_id"] else f" (asked as {story['asked_as']}, merged since)"
    out.print(f"Customer {story['customer_id']}{asked}, as of {number(story['as_of'])} UTC\n", markup=False)
    out.print(table_of("Who: one person in these systems", ["system", "kind", "records"],
                       [list(row.values()) for row in story["identity"]], (2,)))  # fmt: skip
    show_identity(out, story["why_one"])
    facts = [[key, value] for key, value in story["customer_360"].items() if value not in (None, 0) and key != "as_of"]
    facts += [[key, value] for key, value in story["analytics"].items() if value is not None]
    facts.append(["segments", ", ".join(story["segments"]) or "none"])
    facts += [["reason of the churn score", reason] for reason in story["churn_reasons"]]
    out.print(table_of("What we know", ["", ""], facts))
    moves = [
        [row["occurred_at"], f"{row['from_stage']} → {row['to_stage']}", row["cause"]]
        for row in story["lifecycle_moves"]
    ]
    if moves:
        out.print(table_of("From stage to stage", ["when (UTC)", "move", "cause"], moves))
    if story["next_products"]:
        offers = [list(row.values()) for row in story["next_products"]]
        out.print(table_of("What to offer next", ["", "product", "why"], offers))
    consents = [list(row.values()) for row in story["consents"]]
    out.print(table_of("Consents", ["purpose", "channel", "allowed", "decided at", "by statement"], consents))
    events = [
        [row["occurred_at"], row["event_type"] + (" (planned)" if row["is_planned"] else ""), row["subject_id"],
         row["channel"], row["amount"]]
        for row in story["timeline"]
    ]  # fmt: skip
    out.print(table_of("Newest events", ["when (UTC)", "what", "about", "channel", "amount"], events, (4,)))
    doors = entry_doors()
    for row in story["enrolments"]:
        because = f", because {doors[row['care_model']]}" if row["care_model"] in doors else ""
        side = " (control group: measured, never contacted)" if row["is_control"] else ""
        out.print(f"Enrolled in {row['care_model']} at {number(row['entered_at'])}{side}{because}", markup=False)
    for row in story["care_paths"]:
        steps = [[one["occurred_at"], one["step"], done_in_words(one["did"])] for one in row["path"]]
        if row["step"] is not None:
            until = f", until {number(row['due_at'])}" if row["due_at"] is not None else ""
            steps.append(["now", row["step"], f"stands here{until}"])
        out.print(table_of(f"The way through {row['care_model']}", ["when (UTC)", "step", "what"], steps))
    decisions = [
        [row["care_model"], row["step"], row["channel"], row["outcome"], row["stopped_by"],
         _worth(row.get("score")), _why(row)]
        for row in story["decisions"]
    ]  # fmt: skip
    heads = ["care model or action", "step", "channel", "outcome", "stopped by", "worth", "why"]
    out.print(table_of("Decisions of the last run", heads, decisions, (5,)))
    if not decisions:
        out.print("  Nobody proposed anything for this customer in the last run.")


def _worth(score: float | None) -> str:
    """What a candidate was expected to bring."""
    return "unknown" if score is None else f"{score:.2f}"


def _why(row: dict[str, Any]) -> str:
    """Why a candidate was or was not chosen; where a price outbid it, with the price."""
    if row["stopped_by"] == "outbid" and row.get("price") is not None:
        return f"{row['reason']} It takes what is worth {row['price']:.2f} there."
    return str(row["reason"])


def done_in_words(did: str) -> str:
    """What a transition says, as one reads it: ``dropped`` as "dropped: too late to make sense"."""
    if did.startswith("moved:"):
        return f"goes on in version {did.removeprefix('moved:')}"
    said = {
        "contacted": "contact made",
        "withheld": "no contact: control group or holdout",
        "dropped": "dropped: too late to make sense",
        "left": "left early",
        "completed": "the path ends",
        "next": "went on",
    }
    return said.get(did, did.replace("_", " "))


def show_pages(out: Console, pages: list[dict[str, str]]) -> None:
    """Where each page lies, so that a click or a copy opens it."""
    for page in pages:
        out.print(f"{page['month']}  {page['name']:<20} {page['path']}", markup=False, soft_wrap=True)
