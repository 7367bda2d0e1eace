"""A batch on its way: how far it has come, and when it is tried again after something went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["waiting", "taking", "taken", "delivered", "withdrawn", "expired"]
PageState = Literal["sending", "processing", "done"]
ENDED = ("delivered", "withdrawn", "expired")

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
# A request nobody answered may still be at work. It is sent again only when it must have ended by itself: Mailchimp
# gives up after 120 s by its documentation, and no other platform says that it works longer.
UNANSWERED_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class Transfer:
    """One batch on its way to its tool.

    Attributes:
        state: ``waiting`` until it is taken out of the outbox (then nobody can withdraw it any more), ``taken`` until
            the other side has all of it, ``delivered``; or ``withdrawn`` or ``expired`` before it left.
        attempts: how often it was begun without getting any further.
        reason: the code of the last failure.
        not_before: when it may be tried again.
    """

    batch_id: str
    destination: str
    state: State
    attempts: int = 0
    reason: str | None = None
    not_before: datetime | None = None
    delivered_at: datetime | None = None

    def is_due(self, as_of: datetime) -> bool:
        """Whether it may be tried at this moment."""
        return self.not_before is None or self.not_before <= as_of


@dataclass(frozen=True)
class SentPage:
    """One page of a batch that was sent to a platform.

    Attributes:
        state: ``sending`` from before the request until its answer is known; ``processing`` while the platform works
            on it; ``done``.
        remote_id: what the platform calls the request.
        sent_at: the moment of the run that sent it.
    """

    page: int
    state: PageState
    remote_id: str | None
    sent_at: datetime


def try_again_at(attempts: int, as_of: datetime, asked_to_wait: timedelta = timedelta(0)) -> datetime:
    """When a batch is tried again: twice as long after each failure, and never before the other side asks.

    Args:
        attempts: failures so far, this one included.
        asked_to_wait: what the other side said (``Retry-After``).

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 31, 12, tzinfo=UTC)
    >>> [str(try_again_at(attempts, noon) - noon) for attempts in (1, 2, 5, 30)]
    ['0:01:00', '0:02:00', '0:16:00', '6:00:00']
    >>> str(try_again_at(1, noon, timedelta(minutes=10)) - noon)
    '0:10:00'
    """
    doubled = FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 20)
    return as_of + max(min(doubled, LONGEST_WAIT), asked_to_wait)
