"""The Dagster UI is no door: what another page sends is turned away, and nobody enters without the password."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dagster_project.adapters.guarding import guard as guarding
from dagster_project.adapters.guarding.guard import COOKIE, Guard
from dagster_project.adapters.guarding.passwords import hash_of, matches
from dagster_project.domain.operations.guard import refusal
from dagster_project.errors import HoivaError

HOST = "127.0.0.1:3000"
OWN = f"http://{HOST}"
WORD = "correct horse battery"
JSON = {"content-type": "application/json"}


class Dagster:
    """Stands for the web server: it does what it is told, as the real one does."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.cookies: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/graphql", self.graphql, methods=["GET", "POST"]),
                Route("/runs", self.graphql),
                WebSocketRoute("/graphql", self.stream),
            ]
        )

    async def graphql(self, request: Request) -> JSONResponse:
        self.cookies.append(request.headers.get("cookie", ""))
        data = request.query_params
        if request.method == "POST" and "application/json" in request.headers.get("content-type", ""):
            data = await request.json()
        self.runs.append(data.get("query") or "")
        return JSONResponse({"data": "done"})

    async def stream(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="graphql-ws")
        await socket.send_text(f"you said {await socket.receive_text()}")
        await socket.close()


@pytest.fixture
def dagster() -> Dagster:
    return Dagster()


@pytest.fixture
def browser(dagster: Dagster) -> TestClient:
    return TestClient(Guard(dagster.app, {HOST}, hash_of(WORD)), base_url=OWN, follow_redirects=False)


def log_in(browser: TestClient, word: str = WORD) -> int:
    return browser.post("/login", data={"password": word}, headers={"origin": OWN}).status_code


MUTATION = "mutation{launchRun}"
# What another page can make a logged-in browser send; each of these starts a run on the bare web server.
FORGED = {
    "a GET mutation": ("GET", "/graphql", {"query": MUTATION}, {}, None),
    "a GET mutation from an image": ("GET", "/graphql", {"query": MUTATION}, {"sec-fetch-site": "cross-site"}, None),
    "a POST with the query in the address": ("POST", "/graphql", {"query": MUTATION}, {"origin": OWN}, ""),
    "a POST of plain text": ("POST", "/graphql", {}, {"content-type": "text/plain; x=application/json"}, MUTATION),
    "a POST from another page": ("POST", "/graphql", {}, JSON | {"origin": "https://evil.example"}, MUTATION),
    "a POST from a sandboxed frame": ("POST", "/graphql", {}, JSON | {"origin": "null"}, MUTATION),
    "a POST from a page on another port": ("POST", "/graphql", {}, JSON | {"origin": "http://127.0.0.1:1"}, MUTATION),
    "a name that was rebound": ("POST", "/graphql", {}, JSON | {"host": "evil.example:3000"}, MUTATION),
}


def send(browser: TestClient, what: str) -> int:
    method, path, params, headers, query = FORGED[what]
    content = None if query is None else (json.dumps({"query": query}) if query else "")
    return browser.request(method, path, params=params, headers=headers, content=content).status_code


@pytest.mark.parametrize("what", FORGED)
def test_what_another_page_sends_starts_nothing(browser: TestClient, dagster: Dagster, what: str) -> None:
    assert log_in(browser) == 303
    assert send(browser, what) in (403, 405, 415, 421)
    assert dagster.runs == []


@pytest.mark.parametrize("what", FORGED)
def test_without_the_guard_it_would_start_a_run(dagster: Dagster, what: str) -> None:
    """Negative control: the bare web server takes each of them."""
    assert send(TestClient(dagster.app, base_url=OWN), what) == 200
    assert dagster.runs == [MUTATION]


def test_nobody_enters_without_the_password(browser: TestClient, dagster: Dagster) -> None:
    assert browser.get("/runs").status_code == 401
    page = browser.get("/runs", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert "password" in browser.get("/login").text
    assert log_in(browser, "another password") == 403
    assert browser.post("/graphql", json={"query": MUTATION}, headers={"origin": OWN}).status_code == 401
    assert dagster.runs == []


def test_who_has_logged_in_works_as_usual(browser: TestClient, dagster: Dagster) -> None:
    assert log_in(browser) == 303
    assert browser.get("/runs").status_code == 200
    sent = browser.post("/graphql", json={"query": MUTATION}, headers={"origin": OWN}, cookies={"theme": "dark"})
    assert sent.json() == {"data": "done"}
    assert dagster.runs == ["", MUTATION]
    assert not [cookie for cookie in dagster.cookies if COOKIE in cookie], "the session stays with the guard"
    browser.get("/logout")
    assert browser.get("/runs").status_code == 401


def test_the_session_is_a_strict_cookie_no_script_reads(browser: TestClient) -> None:
    told = browser.post("/login", data={"password": WORD}, headers={"origin": OWN}).headers["set-cookie"]
    assert "HttpOnly" in told
    assert "SameSite=strict" in told
    assert "Secure" not in told
    other = TestClient(Guard(Starlette(), {HOST}, hash_of(WORD), is_https=True), base_url=OWN, follow_redirects=False)
    told = other.post("/login", data={"password": WORD}, headers={"origin": f"https://{HOST}"}).headers["set-cookie"]
    assert "Secure" in told


@pytest.mark.parametrize("change", ["signature", "time", "nothing at all", "another guard's"])
def test_a_session_cannot_be_made_up(browser: TestClient, dagster: Dagster, change: str) -> None:
    log_in(browser)
    until, nonce, signed = browser.cookies[COOKIE].split(".")
    other = TestClient(Guard(dagster.app, {HOST}, hash_of(WORD)), base_url=OWN, follow_redirects=False)
    log_in(other)
    forged = {
        "signature": f"{until}.{nonce}.{'0' * len(signed)}",
        "time": f"{int(until) + 9}.{nonce}.{signed}",
        "nothing at all": "..",
        "another guard's": other.cookies[COOKIE],
    }[change]
    browser.cookies.clear()
    assert browser.get("/runs", cookies={COOKIE: forged}).status_code == 401
    assert browser.get("/runs", cookies={COOKIE: f"{until}.{nonce}.{signed}"}).status_code == 200, "negative control"


def test_a_session_ends(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(browser)
    later = guarding.time.time() + guarding.SESSION_SECONDS + 1
    monkeypatch.setattr(guarding.time, "time", lambda: later)
    assert browser.get("/runs").status_code == 401


def test_guessing_is_stopped(dagster: Dagster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "matches", lambda given, kept: given == WORD)
    browser = TestClient(Guard(dagster.app, {HOST}, "kept"), base_url=OWN, follow_redirects=False)
    assert [log_in(browser, "wrong") for _ in range(guarding.MOST_TRIES)] == [403] * guarding.MOST_TRIES
    assert log_in(browser, "wrong") == 429
    assert log_in(browser) == 429, "not even with the right one, for a minute"
    later = guarding.time.monotonic() + guarding.TRY_SECONDS
    monkeypatch.setattr(guarding.time, "monotonic", lambda: later)
    assert log_in(browser) == 303


def test_a_token_opens_for_one_person(dagster: Dagster) -> None:
    browser = TestClient(Guard(dagster.app, {HOST}, token="t0ken"), base_url=OWN, follow_redirects=False)
    assert browser.get("/login?token=other").status_code == 200
    assert browser.get("/runs").status_code == 401
    assert browser.get("/login?token=t0ken").status_code == 303
    assert browser.get("/runs").status_code == 200


def test_subscriptions_pass_for_our_own_page_alone(browser: TestClient) -> None:
    log_in(browser)
    own = {"host": HOST, "origin": OWN, "cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
    with browser.websocket_connect("/graphql", ["graphql-ws"], headers=own) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "you said hello"
    for change in ({"origin": "https://evil.example"}, {"origin": ""}, {"host": "evil.example"}, {"cookie": ""}):
        headers = {name: value for name, value in (own | change).items() if value}
        with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/graphql", headers=headers):
            pass


def test_a_header_given_twice_is_refused(browser: TestClient) -> None:
    log_in(browser)
    twice = [("host", HOST), ("origin", OWN), ("origin", "https://evil.example"), ("content-type", "application/json")]
    assert browser.post("/graphql", headers=twice, content="{}").status_code == 400  # type: ignore[arg-type]


def test_a_link_from_elsewhere_leads_to_a_page_but_not_to_graphql() -> None:
    followed = {"host": HOST, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert refusal("GET", "/runs", "", followed, {HOST}) is None
    assert refusal("GET", "/graphql", "", followed, {HOST}) is not None
    assert refusal("DELETE", "/runs", "", {"host": HOST}, {HOST}) is not None


def test_a_password_is_long_and_its_hash_is_one() -> None:
    with pytest.raises(HoivaError, match="at least 12"):
        hash_of("short")
    kept = hash_of(WORD)
    assert matches(WORD, kept)
    assert not matches(WORD + "x", kept)
    assert WORD not in kept
    for broken in ("", "scrypt:a:b", "md5:" + kept.partition(":")[2]):
        with pytest.raises(HoivaError, match="is no hash"):
            matches(WORD, broken)
