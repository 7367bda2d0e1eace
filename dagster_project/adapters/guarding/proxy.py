"""Hands requests and websockets on to the web server behind the guard, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "host", "content-length",
}  # fmt: skip
SECONDS = 300.0  # for an answer: loading the definitions anew takes half a minute


class Proxy:
    """An ASGI application that is another web server.

    Args:
        upstream: its address, as ``http://127.0.0.1:3000``.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.rstrip("/")
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(WebSocket(scope, receive, send))
        else:
            await _live(receive, send, self._close)

    async def _close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self._client = self._client or httpx.AsyncClient(timeout=SECONDS, trust_env=False)
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP_BY_HOP]
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        asked = self._client.build_request(
            request.method, f"{self.upstream}{path}{query}", headers=headers, content=await request.body()
        )
        try:
            answer = await self._client.send(asked, stream=True)
        except httpx.TransportError:
            await PlainTextResponse("the Dagster UI is not there yet: try again\n", 502)(scope, receive, send)
            return

        async def body() -> AsyncIterator[bytes]:
            try:
                async for part in answer.aiter_raw():
                    yield part
            finally:
                await answer.aclose()

        response = StreamingResponse(body(), answer.status_code)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if name.lower().decode() not in HOP_BY_HOP - {"content-length"}
        ] + [(b"x-frame-options", b"DENY")]
        await response(scope, receive, send)

    async def _websocket(self, browser: WebSocket) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed, InvalidHandshake
        from websockets.typing import Subprotocol

        path = browser.scope["path"]
        address = f"ws{self.upstream.removeprefix('http')}{path}"
        wanted = [Subprotocol(name) for name in browser.scope.get("subprotocols", [])]
        try:
            async with connect(address, subprotocols=wanted or None, max_size=None, proxy=None) as server:
                await browser.accept(subprotocol=server.subprotocol)
                tasks = [asyncio.create_task(_up(browser, server)), asyncio.create_task(_down(server, browser))]
                _, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        except (OSError, InvalidHandshake, ConnectionClosed):
            pass
        with suppress(RuntimeError):  # it is closed already
            await browser.close()


async def _up(browser: WebSocket, server: Any) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            message = await browser.receive()
            if message["type"] == "websocket.disconnect":
                return
            await server.send(message["text"] if message.get("text") is not None else message["bytes"])


async def _down(server: Any, browser: WebSocket) -> None:
    async for message in server:
        if isinstance(message, str):
            await browser.send_text(message)
        else:
            await browser.send_bytes(message)


async def _live(receive: Receive, send: Send, close: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await close()
            await send({"type": "lifespan.shutdown.complete"})
            return
