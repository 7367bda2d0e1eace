"""The small service from which tools fetch their batches: see docs/contracts/pull.md.

One token opens one destination. A batch's files can be read once it is taken; taking is the rename that a withdrawal
races with, so that what was withdrawn is never read. No path is made of what a caller writes, and no line of a log
holds a token, an address or a name that a caller wrote.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from dagster_project.adapters.acks import Answer
from dagster_project.adapters.holding import HELD_WORDS, is_held
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.outbox import MANIFEST
from dagster_project.adapters.serving.shelf import Shelf, Shelved

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dagster_project.settings import Settings

log = logging.getLogger(__name__)
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; half a million refused rows
bearer = HTTPBearer(auto_error=False, description="the token of one destination: `hoiva token new DESTINATION`")


class Waiting(BaseModel):
    """One batch that is not answered yet."""

    name: str
    sequence: int
    batch_id: str
    manifest_sha256: str
    rows: int
    is_taken: bool


class Batches(BaseModel):
    """What waits, in the order in which it must be taken."""

    destination: str
    batches: list[Waiting]


class Taken(BaseModel):
    """A batch that cannot be withdrawn any more."""

    name: str
    is_taken: bool = True


class Plain:
    """Writes one line for each request, and turns whatever breaks into a plain 500 without a word of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 0, time.monotonic()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception as error:
            log.error("failed: %s", type(error).__name__)
            if not status:
                await JSONResponse({"detail": "something broke here"}, 500)(scope, receive, note)
        route = getattr(scope.get("route"), "path", "-")
        who = scope.get("state", {}).get("destination", "-")
        log.info("%s %s %s %s %d ms", scope["method"], route, who, status, 1000 * (time.monotonic() - begun))


def shelf(
    request: Request, destination: str, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Shelf:
    """What the caller's token opens; an error for anything else."""
    state = request.app.state
    opened = None if given is None else state.ledger.destination_of_token(given.credentials)
    if opened is None:
        raise HTTPException(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
    request.state.destination = opened
    if opened != destination:
        raise HTTPException(403, "the token opens another destination")
    if destination not in state.served:
        raise HTTPException(404, "this destination's batches are not fetched")
    if is_held(state.home):
        raise HTTPException(503, HELD_WORDS)
    return Shelf(state.home, state.ledger, destination)


Mine = Annotated[Shelf, Depends(shelf)]
Responses = dict[int | str, dict[str, Any]]
REFUSALS: Responses = {
    401: {"description": "no token, or one that opens nothing"},
    403: {"description": "the token opens another destination"},
    404: {"description": "there is no such batch or file of this destination"},
    503: {"description": "the house was restored from a backup and gives nothing out until that is settled"},
}
GONE: Responses = {410: {"description": "the batch was withdrawn"}}
EARLIER: Responses = {409: {"description": "an earlier batch must be taken first"}}
WHOLE_OR_PART: Responses = {
    200: {"content": {"application/octet-stream": {}}, "description": "the file"},
    206: {"description": "the part asked for"},
    304: {"description": "the caller has this file already"},
    409: {"description": "the batch must be taken first"},
    416: {"description": "the file has no such part"},
}
NOT_USABLE: Responses = {413: {"description": "too large"}, 422: {"description": "not as the contract says"}}
ANSWER = {"requestBody": {"content": {"application/json": {"schema": Answer.model_json_schema()}}}}

routes = APIRouter(prefix="/v1/{destination}")


@routes.get("/batches", responses=REFUSALS)
def list_batches(destination: str, mine: Mine) -> Batches:
    """The batches that are not answered yet."""
    return Batches(destination=destination, batches=[Waiting(**one) for one in mine.waiting()])


@routes.post("/batches/{name}/take", responses=REFUSALS | GONE | EARLIER)
def take_batch(name: str, mine: Mine) -> Taken:
    """Take a batch. From then on it cannot be withdrawn, and its files can be read."""
    state = mine.take(name, datetime.now(UTC))
    if state == "not_its_turn":
        raise HTTPException(409, "an earlier batch must be taken first")
    if state == "withdrawn":
        raise HTTPException(410, "the batch was withdrawn")
    if state == "unknown":
        raise HTTPException(404, "there is no such batch")
    return Taken(name=name)


@routes.head("/batches/{name}/{file}", include_in_schema=False)
@routes.get("/batches/{name}/{file}", responses=REFUSALS | GONE | WHOLE_OR_PART, response_class=FileResponse)
def read_file(name: str, file: str, mine: Mine, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """A file of a taken batch, or the manifest of any; whole or in parts (`Range`)."""
    state = mine.state_of(name)
    if state == "withdrawn":
        raise HTTPException(410, "the batch was withdrawn")
    found = mine.file(name, file)
    if found is None:
        raise HTTPException(404, "there is no such file")
    if state == "waiting" and file != MANIFEST:
        raise HTTPException(409, "the batch must be taken first")
    return _sent(found, file, if_none_match)


@routes.put("/answers/{batch_id}", status_code=204, responses=REFUSALS | NOT_USABLE, openapi_extra=ANSWER)
async def put_answer(batch_id: str, mine: Mine, request: Request) -> Response:
    """Answer a batch that was taken, as the contract of the outbox says."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_ANSWER:
            raise HTTPException(413, "the answer is too large")
    try:
        answer = await run_in_threadpool(Answer.model_validate_json, bytes(content))
    except ValidationError:
        raise HTTPException(422, "the answer is not as docs/contracts/outbox.md says") from None
    if answer.batch_id != batch_id:
        raise HTTPException(422, "the answer names another batch_id than its address")
    if not await run_in_threadpool(mine.answer, answer):
        raise HTTPException(404, "there is no such batch that was taken")
    return Response(status_code=204)


def make_app(settings: Settings, served: Collection[str]) -> FastAPI:
    """The service for one home.

    Args:
        served: the destinations whose tools fetch for themselves; a token of any other opens nothing.
    """

    @asynccontextmanager
    async def with_ledger(app: FastAPI) -> AsyncIterator[None]:
        with open_ledger(settings.ledger_address) as opened:
            app.state.ledger = opened
            yield

    app = FastAPI(
        title="Hoiva batches",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        lifespan=with_ledger,
    )
    app.state.home, app.state.served = settings.at_home.make(), frozenset(served)
    app.include_router(routes)
    app.add_middleware(Plain)
    return app


def _sent(found: Shelved, name: str, if_none_match: str | None) -> Response:
    """The file with its SHA-256 as a strong tag; or nothing, when the caller has it."""
    tag = f'"{found.sha256}"'
    headers = {"etag": tag, "cache-control": "private, no-cache", "x-content-type-options": "nosniff"}
    known = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    kind = "application/json" if name.endswith(".json") else "application/octet-stream"
    return FileResponse(found.path, headers=headers, media_type=kind)
