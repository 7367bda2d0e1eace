"""Starts the guard, and behind it the Dagster UI where nobody else can find it."""

from __future__ import annotations

import random
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from dagster_project.adapters.guarding.guard import Guard
from dagster_project.adapters.guarding.proxy import Proxy

LOOPBACK = "127.0.0.1"
STOPS_WITHIN = 60  # seconds: Dagster waits for what it has started


def serve(
    upstream: str,
    host: str,
    port: int,
    names: Collection[str],
    password_hash: str,
    token: str = "",
    *,
    is_https: bool = False,
) -> None:
    """Guard the web server at ``upstream`` until stopped.

    Args:
        host, port: where browsers, or the proxy that speaks https to them, come in.
        names: further values of ``Host`` browsers use, as ``hoiva.example.com``.
    """
    import uvicorn

    hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}", *names}
    app = Guard(Proxy(upstream), hosts, password_hash, token, is_https=is_https)
    # No access log: an address may hold the token.
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


def hidden_place() -> tuple[str, int]:
    """An address of this machine alone that no web page can find by trying: one of 16 million, on any port.

    On Linux all of 127.0.0.0/8 is this machine; elsewhere only the port is chosen at random.

    >>> hidden_place()[0].startswith("127.")
    True
    """
    draw = random.SystemRandom()
    host = LOOPBACK
    if sys.platform == "linux":
        host = f"127.{draw.randint(1, 254)}.{draw.randint(1, 254)}.{draw.randint(2, 254)}"
    with socket.socket() as taken:
        taken.bind((host, 0))
        return host, taken.getsockname()[1]


def serve_dagster(
    command: Sequence[str], folder: Path, port: int, password_hash: str, tell: Callable[[str], None]
) -> int:
    """Run the Dagster UI at a hidden place of this machine with the guard in front; the exit code of Dagster.

    Args:
        command: starts Dagster; ``-h HOST -p PORT`` is added.
        folder: where.
        tell: is given the address to open. Without a password it holds a token of this one process.
    """
    host, behind = hidden_place()
    token = "" if password_hash else secrets.token_urlsafe(24)
    child = subprocess.Popen([*command, "-h", host, "-p", str(behind)], cwd=folder)
    tell(f"http://{LOOPBACK}:{port}" + (f"/login?token={token}" if token else ""))
    try:
        serve(f"http://{host}:{behind}", LOOPBACK, port, (), password_hash, token)
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        try:
            child.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
    return 0 if child.returncode in (0, -signal.SIGINT) else 1
