"""The three platforms as their documentation promises them, on loopback: limits, partial failures, and faults by plan.

A fault is drawn for every call. ``late`` is the worst: the caller's line breaks, and the platform applies the request
up to four minutes later. Time is the test's: ``now`` is set by it, and nothing here sleeps.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

FAULTS = ("too_many", "busy", "broke_after", "lost", "never", "late")
LATEST = 240  # seconds after a broken line in which a request may still be applied: twice Mailchimp's own limit
TOKEN = "-".join(("right", "token"))  # no secret: the fakes know no other


class Cut(Response):
    """An answer whose line breaks in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionError("the line breaks")


class Fake:
    """What every platform here has: a clock, a plan of faults, and requests that are applied late."""

    def __init__(self, seed: int, share_of_faults: float = 0.0) -> None:
        self.rng = random.Random(seed)
        self.share_of_faults = share_of_faults
        self.kinds_of_faults: tuple[str, ...] = FAULTS
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.late: list[tuple[datetime, Callable[[], Any]]] = []
        self.count_calls = 0
        self.faults: list[str] = []
        self.next_faults: list[str] = []

    def at(self, now: datetime) -> None:
        """Time passes, and requests whose line broke are applied."""
        self.now = now
        due = [one for one in self.late if one[0] <= now]
        self.late = [one for one in self.late if one[0] > now]
        for _, apply in sorted(due, key=lambda one: one[0]):
            apply()

    def call(self, apply: Callable[[], Response]) -> Response:
        """Apply a request, or do what the plan of faults says."""
        self.count_calls += 1
        fault = self._fault()
        if fault:
            self.faults.append(fault)
        if fault == "too_many":
            return JSONResponse({}, 429, {"Retry-After": self.rng.choice(["3", "400", "soon"])})
        if fault == "busy":
            return JSONResponse({}, 503)
        if fault == "late":
            self.late.append((self.now + timedelta(seconds=self.rng.uniform(0, LATEST)), apply))
        if fault in ("lost", "broke_after"):
            apply()
        if fault == "broke_after":
            return JSONResponse({}, 500)
        return Cut() if fault else apply()

    def _fault(self) -> str | None:
        if self.next_faults:
            return self.next_faults.pop(0)
        return self.rng.choice(self.kinds_of_faults) if self.rng.random() < self.share_of_faults else None


class GoogleFake(Fake):
    """Takes note of requests, works on them later in the order it took them, and says how far it is."""

    def __init__(self, seed: int, share_of_faults: float = 0.0) -> None:
        super().__init__(seed, share_of_faults)
        self.members: dict[str, str] = {}  # the e-mail's digest to all identifiers
        self.requests: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self.applied: set[str] = set()
        self.wrong: Callable[[str], bool] = lambda digest: False
        self.consented = True

    def at(self, now: datetime) -> None:
        super().at(now)
        for request_id, (due, _) in self.requests.items():
            if due > now:
                break
            self._apply(request_id)

    def _apply(self, request_id: str) -> None:
        if request_id in self.applied:
            return
        self.applied.add(request_id)
        body = self.requests[request_id][1]
        for member in body["audienceMembers"]:
            identifiers = member["userData"]["userIdentifiers"]
            email = next(one["emailAddress"] for one in identifiers if "emailAddress" in one)
            if body["method"] == "remove":
                self.members.pop(email, None)
            else:
                self.members[email] = json.dumps(identifiers)

    def take(self, method: str, body: dict[str, Any]) -> Response:
        members = body["audienceMembers"]
        if not 0 < len(members) <= 10_000:
            return self._invalid([("audience_members", "TOO_MANY_AUDIENCE_MEMBERS")])
        if any(len(one["userData"]["userIdentifiers"]) > 10 for one in members) or body["encoding"] != "HEX":
            return self._invalid([("encoding", "INVALID_FORMAT")])
        granted = body.get("consent", {}).get("adUserData") == "CONSENT_GRANTED" and "termsOfService" in body
        if method == "ingest" and not granted:
            return self._invalid([("terms_of_service", "TERMS_AND_CONDITIONS_NOT_SIGNED")])
        wrong = [
            (f"audience_members.audience_members[{place}].user_data.user_identifiers[0]", "INVALID_SHA256_FORMAT")
            for place, one in enumerate(members)
            if self.wrong(one["userData"]["userIdentifiers"][0].get("emailAddress", ""))
        ]
        if wrong:
            return self._invalid(wrong[:2])  # it names some, not all of them
        request_id = f"r{len(self.requests)}"
        last = max((due for due, _ in self.requests.values()), default=self.now)
        due = max(last, self.now + timedelta(minutes=self.rng.uniform(0, 20)))
        self.requests[request_id] = (due, body | {"method": method})
        return JSONResponse({"requestId": request_id})

    @staticmethod
    def _invalid(fields: list[tuple[str, str]]) -> Response:
        violations = [{"field": field, "description": "…", "reason": reason} for field, reason in fields]
        details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]
        return JSONResponse({"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": details}}, 400)


class MetaFake(Fake):
    """Applies at once, counts what it received, and tells of invalid ones by samples."""

    def __init__(self, seed: int, share_of_faults: float = 0.0, knows_sessions: bool = False) -> None:
        super().__init__(seed, share_of_faults)
        self.members: dict[str, str] = {}
        self.sessions: set[tuple[str, int, int]] = set()
        self.knows_sessions = knows_sessions
        self.count_repeated = 0
        self.wrong: Callable[[str], bool] = lambda digest: False

    def take(self, method: str, body: dict[str, Any]) -> Response:
        rows, schema = body["payload"]["data"], body["payload"]["schema"]
        if body.get("access_token") != TOKEN:
            return JSONResponse({"error": {"code": 190}}, 400)
        if not 0 < len(rows) <= 10_000 or any(len(row) != len(schema) for row in rows):
            return JSONResponse({"error": {"code": 100}}, 400)
        session = (method, body["session"]["session_id"], body["session"]["batch_seq"])
        is_repeated = session in self.sessions
        self.count_repeated += is_repeated
        self.sessions.add(session)
        wrong = [row[0] for row in rows if self.wrong(row[0])]
        if not (is_repeated and self.knows_sessions):
            for row in rows:
                if row[0] in wrong:
                    continue
                if method == "DELETE":
                    self.members.pop(row[0], None)
                else:
                    self.members[row[0]] = json.dumps(row)
        samples = dict.fromkeys(wrong, "invalid")
        said = {"num_received": len(rows), "num_invalid_entries": len(wrong), "invalid_entry_samples": samples}
        return JSONResponse(said | {"audience_id": "1", "session_id": str(session[1])})


class MailchimpFake(Fake):
    """Keeps members by address. A letter leaves whenever a member's letter becomes another one."""

    def __init__(self, seed: int, share_of_faults: float = 0.0) -> None:
        super().__init__(seed, share_of_faults)
        self.members: dict[str, dict[str, Any]] = {}
        self.letters: list[str] = []
        self.left: set[str] = set()  # addresses that unsubscribed there

    def take(self, members: list[dict[str, Any]]) -> Response:
        addresses = [one["email_address"] for one in members]
        if not 0 < len(members) <= 500 or len(set(addresses)) != len(addresses):
            return JSONResponse({"title": "Invalid Resource"}, 400)
        errors = []
        for one in members:
            address = one["email_address"]
            if address in self.left:
                error = f"{address} is in a compliance state due to unsubscribe and cannot be subscribed."
                errors.append({"email_address": address, "error": error, "error_code": "ERROR_GENERIC"})
                continue
            before = self.members.get(address, {}).get("merge_fields", {}).get("CONTACTID")
            self.members[address] = one
            if one["merge_fields"]["CONTACTID"] != before:
                self.letters.append(one["merge_fields"]["CONTACTID"])
        return JSONResponse({"errors": errors, "error_count": len(errors), "total_created": 0, "total_updated": 0})

    def archive(self, hashed: str) -> Response:
        found = [one for one in self.members if hashlib.md5(one.encode()).hexdigest() == hashed]
        for one in found:
            del self.members[one]
        return Response(status_code=204 if found else 404)


def make_fakes() -> FastAPI:
    """One service for all three; ``app.state.fake`` is the one asked."""
    app = FastAPI()

    @app.post("/google/audienceMembers:{method}")
    async def google(method: str, request: Request) -> Response:
        fake, body = request.app.state.fake, await request.json()
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({}, 401)
        return fake.call(lambda: fake.take(method, body))

    @app.get("/google/requestStatus:retrieve")
    async def google_status(requestId: str, request: Request) -> Response:
        fake = request.app.state.fake
        state = "SUCCESS" if requestId in fake.applied else "PROCESSING"
        return fake.call(lambda: JSONResponse({"requestStatusPerDestination": [{"requestStatus": state}]}))

    @app.api_route("/meta/{audience_id}/users", methods=["POST", "DELETE"])
    async def meta(audience_id: str, request: Request) -> Response:
        fake, body = request.app.state.fake, await request.json()
        return fake.call(lambda: fake.take(request.method, body))

    @app.post("/mailchimp/lists/{list_id}")
    async def mailchimp(list_id: str, request: Request) -> Response:
        fake, body = request.app.state.fake, await request.json()
        given = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        if given.partition(":")[2] != TOKEN:
            return JSONResponse({}, 401)
        return fake.call(lambda: fake.take(body["members"]))

    @app.delete("/mailchimp/lists/{list_id}/members/{hashed}")
    async def archive(list_id: str, hashed: str, request: Request) -> Response:
        fake = request.app.state.fake
        return fake.call(lambda: fake.archive(hashed))

    return app
