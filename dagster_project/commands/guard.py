"""``hoiva guard``: the Dagster UI behind a login, closed to what other pages send."""

from __future__ import annotations

from typing import Annotated

import typer

from dagster_project.commands.shared import Home, out, settings_of
from dagster_project.errors import HoivaError


def guard(
    to: Annotated[str, typer.Option("--to", help="The web server behind it.")] = "http://127.0.0.1:3000",
    port: Annotated[int, typer.Option("--port", help="The port browsers come to.")] = 3001,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen at; keep it on this machine.")
    ] = "127.0.0.1",
    names: Annotated[
        list[str] | None, typer.Option("--name", help="A further Host browsers use, as hoiva.example.com.")
    ] = None,
    is_https: Annotated[
        bool, typer.Option("--https", help="Browsers come by https, through a proxy in front of this one.")
    ] = False,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Ask for a password and print its hash, and nothing else.")
    ] = False,
    home: Home = None,
) -> None:
    """Guard a Dagster web server: a login, and no request that another page made the browser send.

    The password's hash is the setting HOIVA_GUARD_PASSWORD_HASH.
    """
    from dagster_project.adapters.guarding.passwords import hash_of, matches
    from dagster_project.adapters.guarding.serving import serve

    if new_password:
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        out.print(f"HOIVA_GUARD_PASSWORD_HASH={hash_of(given)}", markup=False, soft_wrap=True)
        return
    kept = settings_of(home).guard_password_hash
    if not kept:
        raise HoivaError("there is no password: make one with hoiva guard --new-password, and set what it prints")
    matches("", kept)  # says so now when it is no hash
    if not to.startswith(("http://", "https://")):
        raise typer.BadParameter("write an address, as http://127.0.0.1:3000", param_hint="--to")
    out.print(f"http://{host}:{port} guards {to} (stop with Ctrl-C)", markup=False)
    serve(to, host, port, names or (), kept, is_https=is_https)
