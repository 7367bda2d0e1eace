"""``hoiva restore`` and ``hoiva settle``: a home from a backup, held until it knows what left since."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, err, out, print_json, settings_of


def restore(
    source: Annotated[Path, typer.Argument(help="A backup: a folder hoiva-... that `hoiva backup` wrote.")],
    home: Annotated[Path, typer.Option("--home", help="The new home: a folder that is missing or empty.")],
    journal: Annotated[
        Path | None,
        typer.Option("--erasures", help="The newest erasures/journal.jsonl there is, to forget those persons again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a home from a backup, every byte checked. It sends nothing until `hoiva settle`.

    A ledger of yesterday has forgotten what left today; the receivers have not. docs/runbooks/restore.md leads through.
    """
    from dagster_project.adapters.restoring import restore as make_home
    from dagster_project.cli_views import bar

    with bar(err, quiet=as_json) as progress:
        task = progress.add_task("checking", total=None)

        def on_file(done: int, total: int) -> None:
            progress.update(task, description="copying", completed=done, total=total)

        held = make_home(source, home, journal, on_file)
    if as_json:
        print_json(held)
        return
    out.print(f"Restored as of {held['made_at']}. Nothing leaves this home until it is settled.", soft_wrap=True)
    for name, number in held["batches"].items():
        out.print(f"  {name}: batch {number} was the last; ask its receiver for the last it has had", markup=False)
    if held["erasures_to_replay"]:
        out.print(f"  {held['erasures_to_replay']} erasures were made since: replay them first (hoiva erase --replay)")
    out.print("Next: hoiva verify, land what came since, hoiva run --as-of each day since, then hoiva settle.")


def settle(
    sent: Annotated[
        list[Path] | None,
        typer.Option("--sent", help="A folder of batches that left: the lost home's outbox, or what a receiver kept."),
    ] = None,
    last: Annotated[
        list[str] | None,
        typer.Option("--last", help="The last batch number a receiver has had, as mailchimp_letters=12. One for each."),
    ] = None,
    perhaps_sent: Annotated[
        bool,
        typer.Option("--perhaps-sent", help="End what waits for a receiver that has had batches nobody can find."),
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take what left after the backup into a restored home, so that none of it leaves again; then let exports go on."""
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.settling import settle as take_in
    from dagster_project.components.destination import destinations

    own = settings_of(home)
    numbers = dict(_number(one) for one in last or [])
    with open_ledger(own.ledger_address) as ledger:
        told = take_in(own, ledger, destinations(), sent or [], numbers, datetime.now(UTC), perhaps_sent=perhaps_sent)
    if as_json:
        print_json(vars(told))
        return
    for place in told.adopted:
        out.print(f"taken in: {place}", markup=False)
    if told.count_ended:
        out.print(f"ended, as they may have been sent: {told.count_ended} contacts")
    if told.is_open:
        out.print("Still held. Confirm the last number that each receiver has had:")
        line = " ".join(f"--last {name}={number}" for name, number in told.last.items())
        out.print(f"  hoiva settle {line}", markup=False, soft_wrap=True)
    else:
        out.print("Settled: exports go on.", style="green")


def _number(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isdigit():
        raise typer.BadParameter("write destination=number, as mailchimp_letters=12", param_hint="--last")
    return name, int(number)
