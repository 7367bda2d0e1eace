"""``hoiva identity why``: the shortest chain of matches between two records."""

from __future__ import annotations

from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, out, print_json, settings_of


def why(
    a: Annotated[str, typer.Argument(help="A source record, as hubspot:contact:1.")],
    b: Annotated[str, typer.Argument(help="Another one.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Why two records are one customer: the shortest chain of matches; or what would join them and was held."""
    from dagster_project.adapters.explaining_identity import chain_of
    from dagster_project.commands.identity.views import show_chain

    told = chain_of(settings_of(home), a, b)
    print_json(told) if as_json else show_chain(out, told)
