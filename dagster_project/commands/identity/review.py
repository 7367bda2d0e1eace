"""``hoiva identity review``: the pairs of records that wait for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from dagster_project.commands import shared
from dagster_project.commands.shared import AsJson, Home, out, print_json, settings_of


def review(
    reason: Annotated[str | None, typer.Option("--reason", help="Only pairs held for this reason.")] = None,
    customer: Annotated[str | None, typer.Option("--customer", help="Only pairs of this customer.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many pairs.")] = 20,
    show: Annotated[
        bool, typer.Option("--show", help="Show names and addresses of both, to a terminal and nowhere else.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Which records a rule held to be one customer and another kept apart; those a look can settle come first.

    Answer with `hoiva identity answer`. Without `--show` it says ids alone, so it may be passed on.
    """
    from dagster_project.adapters.reviewing import queue_of, said_of
    from dagster_project.commands.identity.views import show_both, show_queue

    if show and (as_json or not shared.is_terminal()):
        raise typer.BadParameter("shows personal data to a terminal alone, not to a file or a program")
    own = settings_of(home)
    queue = queue_of(own, reason, customer, limit)
    if as_json:
        print_json(queue)
        return
    show_queue(out, queue)
    if show:
        pairs = queue["pairs"]
        said = said_of(own, [pair[f"source_record_id_{side}"] for pair in pairs for side in "ab"])
        for pair in pairs:
            show_both(out, pair, said)
