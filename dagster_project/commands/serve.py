"""``hoiva serve``: tools fetch their batches over HTTPS, each with a token of its own."""

from __future__ import annotations

import ipaddress
import logging
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.shared import Home, err, settings_of
from dagster_project.errors import HoivaError


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")] = 8443,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="A certificate chain (PEM); with it, HTTPS.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The certificate's private key (PEM).")] = None,
    home: Home = None,
) -> None:
    """Let tools whose destination has `transport: {kind: pull}` list, take and read their batches, and answer.

    Listens to this machine alone unless told otherwise; elsewhere only with a certificate, as tokens travel.
    """
    import uvicorn

    from dagster_project.adapters.serving.app import make_app
    from dagster_project.components.destination import pulled

    if (certificate is None) != (key is None):
        raise typer.BadParameter("give --certificate and --key together", param_hint="--key")
    if certificate is None and not _is_loopback(host):
        raise HoivaError(
            "tokens and customers' data would travel in the clear: give --certificate and --key, or listen on "
            "127.0.0.1 behind a proxy that speaks HTTPS"
        )
    own = settings_of(home)
    served = pulled()
    err.print(f"serving {', '.join(sorted(served)) or 'no destination: none has the transport pull'} on {host}:{port}")
    _show_requests()
    try:
        uvicorn.run(
            make_app(own, served),
            host=host,
            port=port,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            access_log=False,  # the application writes its own line, without query and token
            log_level="warning",
            server_header=False,
        )
    except SystemExit:
        raise HoivaError(f"cannot listen on {host}:{port}: is another program there? choose another --port") from None


def _show_requests() -> None:
    shown = logging.StreamHandler()
    shown.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    requests = logging.getLogger("dagster_project.adapters.serving.app")
    requests.setLevel(logging.INFO)
    requests.addHandler(shown)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
