"""``hoiva token``: who may fetch the batches of a destination from ``hoiva serve``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, err, out, print_json, settings_of
from dagster_project.errors import HoivaError

token = typer.Typer(
    name="token", help="Tokens by which tools fetch their batches from `hoiva serve`.", no_args_is_help=True
)


@token.command(epilog="Example: `hoiva token new contact_centre_calls`")
def new(
    destination: Annotated[str, typer.Argument(help="A destination whose transport is pull.")], home: Home = None
) -> None:
    """Make a token and print it, this once: only a hash of it is kept. Older tokens stay valid until they are ended."""
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.components.destination import pulled

    own = settings_of(home)
    if destination not in pulled():
        known = ", ".join(sorted(pulled())) or "none yet"
        raise HoivaError(f"{destination} is no destination with `transport: {{kind: pull}}`; such are: {known}")
    with open_ledger(own.ledger_address) as ledger:
        made = ledger.make_token(destination, datetime.now(UTC))
    err.print("Give this to the tool's owner by a safe way; it is not shown again:")
    out.print(made, markup=False, soft_wrap=True)


@token.command("list", epilog="Example: `hoiva token list`")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """The tokens that were made, by destination: their ids, never the tokens."""
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(settings_of(home).ledger_address) as ledger:
        tokens = ledger.tokens()
    if as_json:
        print_json([vars(one) for one in tokens])
        return
    for one in tokens:
        ended = "" if one.ended_at is None else f", ended {one.ended_at:%Y-%m-%d %H:%M} UTC"
        out.print(f"{one.destination} {one.token_id} made {one.made_at:%Y-%m-%d %H:%M} UTC{ended}", markup=False)
    if not tokens:
        out.print("no tokens")


@token.command(epilog="Example: `hoiva token end 0a1b2c3d4e5f`")
def end(
    token_id: Annotated[str, typer.Argument(help="The part of the token before the dot, as listed.")], home: Home = None
) -> None:
    """End a token: from now on it opens nothing."""
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(settings_of(home).ledger_address) as ledger:
        ledger.end_token(token_id, datetime.now(UTC))
    out.print(f"ended {token_id}", markup=False)
