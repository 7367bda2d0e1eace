"""The guard in front of real servers on this machine: requests, streams, and Dagster's own web server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dagster_project.adapters.guarding.guard import COOKIE, Guard
from dagster_project.adapters.guarding.proxy import Proxy
from dagster_project.adapters.guarding.serving import hidden_place
from dagster_project.settings import CHECKOUT

KEY = "open-sesame"
LARGE = b"0123456789abcdef" * 100_000


@contextmanager
def served(app: Any, host: str, port: int) -> Iterator[str]:
    """An application on loopback, in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def guarded(upstream: str) -> Iterator[httpx.Client]:
    """A browser that has logged in at a guard in front of this server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    guard = Guard(Proxy(upstream), {f"127.0.0.1:{port}"}, token=KEY)
    with served(guard, "127.0.0.1", port) as address, httpx.Client(base_url=address, trust_env=False) as browser:
        assert browser.get("/login", params={"token": KEY}).status_code == 303
        yield browser


async def echo(request: Request) -> PlainTextResponse:
    told = f"{request.method} {request.url.path}?{request.url.query} {request.headers['host']} "
    return PlainTextResponse(told + (await request.body()).decode(), 201, {"x-own": "kept"})


async def large(request: Request) -> StreamingResponse:
    return StreamingResponse(iter([LARGE, LARGE]))


async def talk(websocket: WebSocket) -> None:
    await websocket.accept(subprotocol="graphql-ws")
    async for text in websocket.iter_text():
        await websocket.send_text(text.upper())


UPSTREAM = Starlette(
    routes=[
        Route("/a b", echo, methods=["GET", "POST"]),
        Route("/large", large),
        WebSocketRoute("/graphql", talk),
    ]
)


def test_requests_and_streams_pass_as_they_are() -> None:
    with served(UPSTREAM, *hidden_place()) as upstream, guarded(upstream) as browser:
        answer = browser.post("/a%20b?x=%C3%A4&y=1", content="body", headers={"origin": str(browser.base_url)})
        assert (answer.status_code, answer.headers["x-own"]) == (201, "kept")
        assert answer.text == f"POST /a b?x=%C3%A4&y=1 {upstream.removeprefix('http://')} body"
        assert browser.get("/large").content == LARGE * 2
        address = f"ws://{browser.base_url.netloc.decode()}/graphql"
        cookie = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}

        async def ask(origin: str, headers: dict[str, str]) -> tuple[str, str | None]:
            async with connect(
                address, origin=origin, subprotocols=["graphql-ws"], additional_headers=headers, proxy=None
            ) as stream:  # type: ignore[arg-type]
                await stream.send("hello")
                return str(await stream.recv()), stream.subprotocol

        own = str(browser.base_url).rstrip("/")
        assert asyncio.run(ask(own, cookie)) == ("HELLO", "graphql-ws")
        for origin, headers in ((own, {}), ("https://evil.example", cookie)):
            with pytest.raises(InvalidStatus):
                asyncio.run(ask(origin, headers))


def test_a_server_that_is_not_there_yet_is_said() -> None:
    host, port = hidden_place()
    with guarded(f"http://{host}:{port}") as browser:
        assert browser.get("/runs").status_code == 502


WEB_SERVER = """
import http.server, sys
host, port = sys.argv[sys.argv.index("-h") + 1], int(sys.argv[sys.argv.index("-p") + 1])
http.server.HTTPServer((host, port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
STARTS = """
import sys
from pathlib import Path
from dagster_project.adapters.guarding.serving import serve_dagster
tell = lambda address: print(address, flush=True)
sys.exit(serve_dagster([sys.executable, "-c", sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3]), "", tell))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it looks for the process in /proc")
def test_the_ui_starts_behind_its_guard_and_stops_with_it(tmp_path: Path) -> None:
    """What `hoiva dev` does, with another web server in Dagster's place."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "page.txt").write_text("the page")
    command = [sys.executable, "-c", STARTS, WEB_SERVER, str(tmp_path), str(port)]
    started = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        address = started.stdout.readline().strip()  # type: ignore[union-attr]
        assert address.startswith(f"http://127.0.0.1:{port}/login?token=")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    if browser.get(address).status_code == 303 and browser.get("/page.txt").status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
            assert browser.get("/page.txt").text == "the page"
            browser.cookies.clear()
            assert browser.get("/page.txt").status_code == 401
        listening = children_of(started.pid)
        assert len(listening) == 1
        started.send_signal(signal.SIGINT)
        assert started.wait(120) in (0, 1, -signal.SIGINT)
        assert not Path(f"/proc/{listening[0]}").exists()
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)


def children_of(process_id: int) -> list[int]:
    """The processes it has started."""
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [int(child) for child in text.split()]


@pytest.mark.slow
def test_dagsters_own_server_takes_a_get_mutation_and_the_guard_does_not(tmp_path: Path) -> None:
    """Fired at a real web server: accepted there (negative control), refused by the guard; the UI's own way passes."""
    host, port = hidden_place()
    home = tmp_path / "dagster"
    home.mkdir()
    command = [str(Path(sys.executable).parent / "dagster-webserver"), "--empty-workspace", "-h", host, "-p", str(port)]
    variables = os.environ | {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "yes"}
    upstream = f"http://{host}:{port}"
    mutation = "mutation { setNuxSeen }"
    server = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                httpx.get(f"{upstream}/server_info", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        bare = httpx.get(f"{upstream}/graphql", params={"query": mutation}, trust_env=False)
        assert (bare.status_code, bare.json()["data"]) == (200, {"setNuxSeen": True}), "negative control"
        with guarded(upstream) as browser:
            assert browser.get("/graphql", params={"query": mutation}).status_code == 405
            own = {"origin": str(browser.base_url).rstrip("/")}
            asked = browser.post("/graphql", json={"query": mutation}, headers=own)
            assert asked.json()["data"] == {"setNuxSeen": True}
            page = browser.get("/", headers={"accept": "text/html"})
            assert "<html" in page.text
            browser.cookies.clear()
            assert browser.post("/graphql", json={"query": mutation}, headers=own).status_code == 401
    finally:
        server.terminate()
        server.wait(30)
