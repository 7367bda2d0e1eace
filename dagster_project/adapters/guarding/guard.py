"""The guard as an ASGI application around another one: rules first, then the login, then the other one."""

from __future__ import annotations

import hashlib
import hmac
import html
import secrets
import time
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dagster_project.adapters.guarding.passwords import matches
from dagster_project.domain.operations.guard import Refusal, refusal

COOKIE = "hoiva_session"
SESSION_SECONDS = 12 * 3600  # a working day; a restart of the guard ends every session
LONGEST_FORM = 4096  # bytes
MOST_TRIES = 10  # wrong passwords within
TRY_SECONDS = 60  # before everybody waits
LOGIN, LOGOUT = "/login", "/logout"
PAGE = """<!doctype html><meta charset="utf-8"><title>Hoiva</title>
<style>body{{font:16px system-ui;max-width:22rem;margin:20vh auto}}input,button{{font:inherit;width:100%;padding:.5em;
margin:.3em 0;box-sizing:border-box}}p{{color:#a00}}</style>
<h1>Hoiva</h1><form method="post" action="/login"><label>Password
<input type="password" name="password" autofocus autocomplete="current-password"></label>
<button>Enter</button></form><p>{told}</p>"""
SAFE_HEADERS = {
    "cache-control": "no-store",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


class Guard:
    """Lets through what comes from our own page and from somebody who has logged in.

    Args:
        app: what is guarded.
        hosts: the values of ``Host`` it is reached by.
        password_hash: of the one password; empty where only ``token`` opens.
        token: a secret that opens the door as ``/login?token=...``; empty for none. For one process and one person.
        is_https: whether browsers reach it by https, so that the cookie never travels in the open.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], password_hash: str = "", token: str = "", *, is_https: bool = False
    ) -> None:
        self.app, self.hosts = app, {host.lower() for host in hosts}
        self.password_hash, self.token, self.is_https = password_hash, token, is_https
        self._key = secrets.token_bytes(32)
        self._wrong: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        is_websocket = scope["type"] == "websocket"
        headers = _single(scope["headers"])
        if headers is None:
            told: Refusal | None = Refusal(400, "a header is given twice")
            headers = {}
        else:
            method = "GET" if is_websocket else scope["method"]
            query = scope["query_string"].decode("latin-1")
            told = refusal(method, scope["path"], query, headers, self.hosts, is_websocket=is_websocket)
        if told is None and not is_websocket and scope["path"] in (LOGIN, LOGOUT):
            await (await self._door(scope, receive))(scope, receive, send)
            return
        if told is None and not self._is_in(headers):
            if not is_websocket and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
                await RedirectResponse(LOGIN, 303, SAFE_HEADERS)(scope, receive, send)
                return
            told = Refusal(401, "log in first")
        if told is not None:
            await _turn_away(told, scope, receive, send)
            return
        await self.app(_without_session(scope), receive, send)

    async def _door(self, scope: Scope, receive: Receive) -> Response:
        if scope["path"] == LOGOUT:
            return self._let(RedirectResponse(LOGIN, 303, SAFE_HEADERS), "", 0)
        if scope["method"] == "POST":
            return self._try(await _form(receive))
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if self.token and hmac.compare_digest(asked.encode(), self.token.encode()):
            return self._let(RedirectResponse("/", 303, SAFE_HEADERS), self._session(), SESSION_SECONDS)
        return HTMLResponse(PAGE.format(told=""), 200, SAFE_HEADERS)

    def _try(self, form: dict[str, list[str]]) -> Response:
        now = time.monotonic()
        self._wrong = [moment for moment in self._wrong if now - moment < TRY_SECONDS]
        if len(self._wrong) >= MOST_TRIES:
            return _page("Too many wrong passwords: wait a minute.", 429)
        given = form.get("password", [""])[0]
        by_token = bool(self.token) and hmac.compare_digest(given.encode(), self.token.encode())
        if by_token or (self.password_hash and matches(given, self.password_hash)):
            return self._let(RedirectResponse("/", 303, SAFE_HEADERS), self._session(), SESSION_SECONDS)
        self._wrong.append(now)
        return _page("That is not the password.", 403)

    def _let(self, response: Response, value: str, seconds: int) -> Response:
        response.set_cookie(
            COOKIE, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=self.is_https
        )
        return response

    def _session(self) -> str:
        until = str(int(time.time()) + SESSION_SECONDS)
        nonce = secrets.token_hex(8)
        return f"{until}.{nonce}.{self._sign(until, nonce)}"

    def _sign(self, until: str, nonce: str) -> str:
        return hmac.new(self._key, f"{until}.{nonce}".encode(), hashlib.sha256).hexdigest()

    def _is_in(self, headers: dict[str, str]) -> bool:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        parts = (morsel.value if morsel else "").split(".")
        if len(parts) != 3 or not parts[0].isdigit():
            return False
        until, nonce, signed = parts
        return hmac.compare_digest(signed.encode(), self._sign(until, nonce).encode()) and int(until) > time.time()


def _single(raw: list[tuple[bytes, bytes]]) -> dict[str, str] | None:
    """Headers by name; None when one that decides here is given twice. Several cookies are one header's worth."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        if name in headers and name in ("host", "origin", "content-type", "sec-fetch-site", "sec-fetch-mode"):
            return None
        headers[name] = f"{headers[name]}; {text}" if name in headers and name == "cookie" else text
    return headers


def _without_session(scope: Scope) -> Scope:
    """What is guarded never sees the session."""
    kept = []
    for key, value in scope["headers"]:
        if key.lower() == b"cookie":
            parts = [part for part in value.split(b";") if not part.strip().startswith(COOKIE.encode() + b"=")]
            value = b";".join(parts).strip()
            if not value:
                continue
        kept.append((key, value))
    return {**scope, "headers": kept}


def _page(told: str, status: int) -> Response:
    return HTMLResponse(PAGE.format(told=html.escape(told)), status, SAFE_HEADERS)


async def _form(receive: Receive) -> dict[str, list[str]]:
    body = b""
    while True:
        message: Any = await receive()
        body += message.get("body", b"")
        if len(body) > LONGEST_FORM or message["type"] != "http.request":
            return {}
        if not message.get("more_body"):
            return parse_qs(body.decode("utf-8", "replace"))


async def _turn_away(told: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # the request to connect
        await send({"type": "websocket.close", "code": 1008, "reason": told.reason})
        return
    await PlainTextResponse(told.reason + "\n", told.status, SAFE_HEADERS)(scope, receive, send)
