"""Carries a published batch to a platform by its API: page by page, in order, and answers for it at the end.

Before a page is sent the ledger notes that it is; after, what became of it. So a crash at any point goes on at the
right page. A page of which nobody knows whether it was applied is sent again, with the same content, when it must have
ended by itself: platforms keep sets, so that a page applied twice in a row is a page applied once.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from dagster_project.adapters.durable import reached
from dagster_project.adapters.pushing.batch_rows import files_of
from dagster_project.adapters.pushing.http import NotApplied, PerhapsApplied
from dagster_project.adapters.transports.trip import Delayed, Trip, write_answer
from dagster_project.domain.exports.pages import Operation, Page, pages_of
from dagster_project.domain.exports.transfers import UNANSWERED_WAIT, SentPage
from dagster_project.errors import HoivaError

PROCESSING_WAIT = timedelta(minutes=30)  # before a platform that works later is asked how far it is

NOT_UNDERSTOOD = (ValueError, KeyError, TypeError, AttributeError)  # an answer that is not what the API promises


@dataclass(frozen=True)
class Outcome:
    """What a platform said of one page.

    Attributes:
        refused: row key to a reason code, of the rows it did not take.
        remote_id: what it calls the request.
        is_processing: whether it has only taken note of it and works on it later.
    """

    refused: Mapping[str, str] = field(default_factory=dict)
    remote_id: str | None = None
    is_processing: bool = False


class Platform(Protocol):
    """A platform's API."""

    page_sizes: Mapping[Operation, int]

    def send(self, page: Page) -> Outcome:
        """Tell it one page.

        Raises:
            NotApplied, PerhapsApplied: it did not go through, surely or perhaps.
        """

    def look(self, page: Page, remote_id: str) -> Outcome:
        """Ask how far it is with a page it works on later."""

    def close(self) -> None:
        """Let go of connections."""


class PageCarrier:
    """Carries batches of one destination to a platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def carry(self, trip: Trip) -> None:
        """Take the batch, send every page that was not sent, wait for those that are worked on, and answer."""
        manifest = trip.manifest
        trip.take()
        batch_id = trip.record.batch_id
        known = trip.ledger.sent_pages(batch_id)
        open_pages: list[Page] = []
        operation: Operation | None = None
        for page in pages_of(batch_id, files_of(trip.folder, manifest), self.platform.page_sizes):
            if operation not in (None, page.operation):
                self._settle(trip, open_pages, known)  # who is removed is out before anyone is added
                open_pages = []
            operation = page.operation
            sent = known.get(page.number)
            if sent is None or sent.state == "sending":
                sent = self._send(trip, page, sent)
                known[page.number] = sent
            if sent.state == "processing":
                open_pages.append(page)
        self._settle(trip, open_pages, known)
        refused = trip.ledger.refused_rows(batch_id)
        write_answer(trip.home, trip.record, "partly" if refused else "accepted", refused)

    def is_begun(self, trip: Trip) -> bool:
        """Whether the platform may have seen something of the batch."""
        return bool(trip.ledger.sent_pages(trip.record.batch_id))

    def clear(self, name: str) -> None:
        """Nothing of a batch is anywhere before it is taken."""

    def answer_of(self, batch_id: str) -> bytes | None:
        """A platform leaves no answers: :meth:`carry` writes them."""

    def close(self) -> None:
        """Let go of connections."""
        with suppress(Exception):  # closing can harm nothing any more
            self.platform.close()

    def _send(self, trip: Trip, page: Page, before: SentPage | None) -> SentPage:
        if before is not None and trip.as_of < before.sent_at + UNANSWERED_WAIT:
            rest = before.sent_at + UNANSWERED_WAIT - trip.as_of
            raise Delayed("no_answer", rest, is_failure=False)
        trip.ledger.record_page(page.batch_id, page.number, "sending", trip.as_of)
        reached("push.noted")
        try:
            outcome = self.platform.send(page)
        except (NotApplied, HoivaError):  # refused, or never sent as a secret is missing
            trip.ledger.forget_page(page.batch_id, page.number)
            raise
        except NOT_UNDERSTOOD:
            raise PerhapsApplied("answer_not_understood") from None
        reached("push.sent")
        return self._record(trip, page, outcome)

    def _settle(self, trip: Trip, pages: list[Page], known: Mapping[int, SentPage]) -> None:
        """Ask about pages the platform works on. Raises Delayed until all of them are done."""
        is_open = False
        for page in pages:
            remote_id = known[page.number].remote_id
            if remote_id is not None:
                try:
                    outcome = self.platform.look(page, remote_id)
                except NOT_UNDERSTOOD:
                    raise NotApplied("answer_not_understood") from None
                is_open |= self._record(trip, page, outcome).state == "processing"
        if is_open:
            raise Delayed("processing", PROCESSING_WAIT, is_failure=False)

    def _record(self, trip: Trip, page: Page, outcome: Outcome) -> SentPage:
        sent = SentPage(page.number, "processing" if outcome.is_processing else "done", outcome.remote_id, trip.as_of)
        trip.ledger.record_page(
            page.batch_id, page.number, sent.state, trip.as_of, remote_id=sent.remote_id, refused=outcome.refused
        )
        reached("push.recorded")
        return sent
