"""``hoiva deliver``: published batches travel to the tools that wait for them, and answers come home."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dagster_project.commands.shared import AsJson, Home, err, moment_of, out, print_json, settings_of
from dagster_project.errors import HoivaError


def deliver(
    named: Annotated[
        list[str] | None, typer.Argument(help="Destinations by name; without any, all that have a transport.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The moment that decides what may be tried again; default: now.")
    ] = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Try also what waits for a later moment: what held it up is mended.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Carry published batches to their tools by the transports of their destinations, and fetch the answers.

    What a run does too, by hand: nothing is sent twice. The exit code is 1 while a batch has to wait.
    """
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.transports.answers import fetch_answers
    from dagster_project.adapters.transports.deliver import deliver as carry

    own = settings_of(home)
    moment = moment_of(as_of, own, "--as-of")
    chosen = _chosen(named)
    with open_ledger(own.ledger_address) as ledger, err.status("delivering", spinner="dots"):
        count_answers = fetch_answers(own, ledger, chosen)
        outcomes = carry(own, ledger, chosen, moment, at_once=at_once)
    if as_json:
        print_json({"answers_fetched": count_answers, "batches": [vars(outcome) for outcome in outcomes]})
    else:
        for one in outcomes:
            why = "" if one.reason is None else f": {one.reason}, tried again after {one.not_before:%Y-%m-%d %H:%M} UTC"
            out.print(f"{one.destination} {one.batch} {one.outcome}{why}", markup=False, soft_wrap=True)
        told = "nothing to deliver" if not outcomes else f"{len(outcomes)} batches"
        out.print(f"{told}, {count_answers} answers fetched")
    if any(one.outcome == "waiting" for one in outcomes):
        raise typer.Exit(1)


def _chosen(named: list[str] | None) -> list[Any]:
    from dagster_project.components.destination import destinations

    by_name = {one.name: one for one in destinations()}
    unknown = sorted(set(named or []) - by_name.keys())
    if unknown:
        raise HoivaError(f"there is no destination {unknown[0]}; known: {', '.join(by_name)}")
    return [by_name[name] for name in named] if named else list(by_name.values())
