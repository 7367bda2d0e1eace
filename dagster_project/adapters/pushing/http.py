"""One request to a platform, and what follows when it fails: it was surely not applied, or perhaps it was.

Nothing a platform says in words is passed on: it may quote a customer. Status codes become reason codes.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.transports.trip import Delayed
from dagster_project.domain.exports.transfers import UNANSWERED_WAIT

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 130.0  # longer than the platforms' own limits (Mailchimp: 120), so that silence means a broken line
LONGEST_ASKED_WAIT = timedelta(days=1)  # whatever a platform says, it is asked again after a day


class NotApplied(Delayed):
    """The platform has surely not applied the request: it may be sent again as soon as it may be sent at all."""


class PerhapsApplied(Delayed):
    """Nobody knows whether the platform has applied the request, or still will: see ``UNANSWERED_WAIT``."""

    def __init__(self, reason: str, wait: timedelta = timedelta(0)) -> None:
        super().__init__(reason, max(wait, UNANSWERED_WAIT))


def open_client(**options: Any) -> httpx.Client:
    """A client that follows nowhere and writes no address into a log (an address may hold a customer's hash)."""
    import httpx

    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    return httpx.Client(timeout=limits, follow_redirects=False, trust_env=False, **options)


def ask(client: httpx.Client, method: str, url: str, fine: tuple[int, ...] = (), **options: Any) -> httpx.Response:
    """Send one request; the answer, when it is a success or one of the ``fine`` codes.

    Raises:
        NotApplied: refused before anything was done, or never sent.
        PerhapsApplied: no answer, or one that leaves it open.
    """
    import httpx

    try:
        answer = client.request(method, url, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise NotApplied("unreachable") from None
    except httpx.RequestError:
        raise PerhapsApplied("no_answer") from None
    code = answer.status_code
    if answer.is_success or code in fine:
        return answer
    wait = asked_wait(answer.headers.get("retry-after"))
    if code == 429:
        raise NotApplied("too_many_requests", wait)
    if code in (401, 403):
        raise NotApplied("not_allowed")
    if code == 404:
        raise NotApplied("audience_missing")
    if code >= 500 or code == 408:
        raise PerhapsApplied("server_error", wait)
    raise NotApplied("refused_by_platform")


def asked_wait(header: str | None, now: datetime | None = None) -> timedelta:
    """How long a platform asks to wait: seconds, or a moment. Nonsense asks for nothing.

    >>> asked_wait("120"), asked_wait("soon"), asked_wait(None), asked_wait("-5")
    (datetime.timedelta(seconds=120), datetime.timedelta(0), datetime.timedelta(0), datetime.timedelta(0))
    >>> asked_wait("Tue, 31 Mar 2026 12:02:00 GMT", datetime(2026, 3, 31, 12, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    """
    if not header:
        return timedelta(0)
    text = header.strip()
    if text.isdecimal():
        wait = timedelta(seconds=min(int(text[:9]), 10**8))
    else:
        try:
            wait = parsedate_to_datetime(text) - (now or datetime.now(UTC))
        except (ValueError, TypeError):
            return timedelta(0)
    return min(max(wait, timedelta(0)), LONGEST_ASKED_WAIT)
