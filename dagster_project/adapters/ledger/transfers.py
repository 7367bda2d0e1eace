"""Transfers: how far each batch has come on its way to its tool. A crash at any point goes on from here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.tables import batches
from dagster_project.adapters.ledger.transfer_tables import transfer_pages, transfer_refusals, transfers
from dagster_project.domain.exports.transfers import ENDED, PageState, SentPage, State, Transfer

_TRANSFER = (
    transfers.c.batch_id,
    transfers.c.destination,
    transfers.c.state,
    transfers.c.attempts,
    transfers.c.reason,
    transfers.c.not_before,
    transfers.c.delivered_at,
)


class Transfers(Connected):
    """The register of batches on their way."""

    def transfers(self, destination: str | None = None) -> list[Transfer]:
        """Batches on their way or there, by destination and sequence."""
        query = select(*_TRANSFER).join(batches, batches.c.batch_id == transfers.c.batch_id)
        query = query.order_by(transfers.c.destination, batches.c.sequence)
        if destination is not None:
            query = query.where(transfers.c.destination == destination)
        with self.reading() as connection:
            return [Transfer(**row._mapping) for row in connection.execute(query)]

    def begin_transfer(self, batch_id: str, destination: str, moment: datetime) -> Transfer:
        """Note that a batch is ours to carry; noting it again changes nothing."""
        with self.writing() as connection:
            query = select(*_TRANSFER).where(transfers.c.batch_id == batch_id)
            known = connection.execute(query).first()
            if known is None:
                row = {"batch_id": batch_id, "destination": destination, "state": "waiting", "attempts": 0}
                connection.execute(insert(transfers), row | {"begun_at": moment})
                known = connection.execute(query).one()
            return Transfer(**known._mapping)

    def move_transfer(self, batch_id: str, state: State, moment: datetime) -> None:
        """Note how far a batch has come. One that is delivered needs its refused rows no longer."""
        change: dict[str, Any] = {"state": state}
        if state in ENDED:
            change |= {"reason": None, "not_before": None}
        if state == "delivered":
            change["delivered_at"] = moment
        with self.writing() as connection:
            connection.execute(update(transfers).where(transfers.c.batch_id == batch_id).values(change))
            if state == "delivered":
                connection.execute(delete(transfer_refusals).where(transfer_refusals.c.batch_id == batch_id))

    def end_transfers(self, destination: str, last: int, moment: datetime) -> None:
        """Note that a destination's tool has had its batches up to a number, however they came there."""
        query = select(batches.c.batch_id).where(batches.c.destination == destination, batches.c.sequence <= last)
        with self.writing() as connection:
            all_ids: list[str] = list(connection.execute(query).scalars())
            known: set[str] = set(connection.execute(select(transfers.c.batch_id)).scalars())
            done = {"state": "delivered", "reason": None, "not_before": None, "delivered_at": moment}
            is_open = (transfers.c.batch_id.in_(query), transfers.c.state.not_in(ENDED))
            connection.execute(update(transfers).where(*is_open).values(done))
            row = {"destination": destination, "attempts": 0, "begun_at": moment}
            rows = [row | done | {"batch_id": one} for one in all_ids if one not in known]
            if rows:
                connection.execute(insert(transfers), rows)

    def hold_transfer(self, batch_id: str, reason: str, not_before: datetime, *, is_failure: bool = True) -> None:
        """Note that a batch must wait, and until when.

        Args:
            reason: a code; never a platform's own words, which may quote a customer.
            is_failure: False where the other side is only still at work.
        """
        change: dict[str, Any] = {"reason": reason, "not_before": not_before}
        if is_failure:
            change["attempts"] = transfers.c.attempts + 1
        with self.writing() as connection:
            connection.execute(update(transfers).where(transfers.c.batch_id == batch_id).values(change))

    def sent_pages(self, batch_id: str) -> dict[int, SentPage]:
        """The pages of a batch that were begun, by number."""
        columns = (transfer_pages.c.page, transfer_pages.c.state, transfer_pages.c.remote_id, transfer_pages.c.sent_at)
        query = select(*columns).where(transfer_pages.c.batch_id == batch_id).order_by(transfer_pages.c.page)
        with self.reading() as connection:
            return {row.page: SentPage(**row._mapping) for row in connection.execute(query)}

    def record_page(
        self,
        batch_id: str,
        page: int,
        state: PageState,
        moment: datetime,
        *,
        remote_id: str | None = None,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        """Note, in one transaction, how far a page has come and which of its rows the platform refused.

        Args:
            refused: row key (contact id or customer key) to a reason code.
        """
        row = {"batch_id": batch_id, "page": page, "state": state, "remote_id": remote_id, "sent_at": moment}
        here = (transfer_pages.c.batch_id == batch_id, transfer_pages.c.page == page)
        rows = [{"batch_id": batch_id, "row_key": key, "reason": why} for key, why in (refused or {}).items()]
        with self.writing() as connection:
            connection.execute(delete(transfer_pages).where(*here))
            connection.execute(insert(transfer_pages), row)
            if state != "sending":  # it goes on: what went wrong before counts no longer
                connection.execute(update(transfers).where(transfers.c.batch_id == batch_id).values(attempts=0))
            if rows:
                known = select(transfer_refusals.c.row_key).where(transfer_refusals.c.batch_id == batch_id)
                before: set[str] = set(connection.execute(known).scalars())
                fresh = [one for one in rows if one["row_key"] not in before]
                if fresh:
                    connection.execute(insert(transfer_refusals), fresh)

    def forget_page(self, batch_id: str, page: int) -> None:
        """Note that a page was surely not applied: it may be sent as if it never had been."""
        here = (transfer_pages.c.batch_id == batch_id, transfer_pages.c.page == page)
        with self.writing() as connection:
            connection.execute(delete(transfer_pages).where(*here, transfer_pages.c.state == "sending"))

    def refused_rows(self, batch_id: str) -> dict[str, str]:
        """Row key to reason of the rows of a batch that its platform has refused so far."""
        query = select(transfer_refusals.c.row_key, transfer_refusals.c.reason)
        query = query.where(transfer_refusals.c.batch_id == batch_id).order_by(transfer_refusals.c.row_key)
        with self.reading() as connection:
            return {row.row_key: row.reason for row in connection.execute(query)}
