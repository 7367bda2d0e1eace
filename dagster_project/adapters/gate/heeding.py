"""A permission taken back counts the moment it lands: suppressed, and out of every batch that nobody has taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.identity.ids import record_ids
from dagster_project.domain.sources.opt_outs import PLACE, OptedOut, opted_out_in

if TYPE_CHECKING:
    from dagster_project.adapters.gate.typing import Typed
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.sources.contract import OptOut, Table
    from dagster_project.settings import Settings

PAST = timedelta(days=7)  # what arrived earlier is history: the next run weighs it, with everything else
EARLIEST = datetime.min  # noqa: DTZ901  (of rows without a moment; the lake's are naive UTC)


def heed_rows(
    settings: Settings, ledger: Ledger, typed: Typed, table: Table, known_at: datetime, landed_at: datetime
) -> set[str]:
    """Stop contacts of everyone who takes a permission back in rows that fit; returns their ids.

    Of one record's statements in the file the newest counts. A file that arrived a week ago tells of the past.
    """
    if not table.opt_outs or known_at < landed_at - PAST:
        return set()
    said = newest_refusals(typed.rows, table)
    ids = record_ids([one.source_record_id for one in said], settings.identity_salt)
    told = {
        (customer_id, one.purpose, one.channel): min(at.replace(tzinfo=UTC) if at > EARLIEST else known_at, landed_at)
        for customer_id, (one, at) in zip(ids, said.items(), strict=True)
    }
    return ledger.take_opt_outs(told)


def let_go(settings: Settings, ledger: Ledger, customer_ids: Iterable[str], moment: datetime) -> None:
    """Take back every batch not yet taken in which one of these customers must not be contacted any more."""
    from dagster_project.adapters.withdrawing import withdraw_blocked_naming

    ids = set(customer_ids)
    if ids:
        withdraw_blocked_naming(settings, ledger, ids, moment)


def newest_refusals(rows: pa.Table, table: Table) -> dict[OptedOut, datetime]:
    """Who says no to what in these rows and did not say otherwise later, and when; of equals in time the no counts."""
    newest: dict[OptedOut, tuple[datetime, bool]] = {}
    for rule in table.opt_outs:
        refusing = table.model_copy(update={"opt_outs": (rule,)})
        any_answer = table.model_copy(update={"opt_outs": (rule.model_copy(update={"column": "", "says": ()}),)})
        for row, at in _statements_of_refusers(rows, rule):
            is_no = any(True for _ in opted_out_in(row, refusing))
            for one in opted_out_in(row, any_answer):
                newest[one] = max(newest.get(one, (at, is_no)), (at, is_no))
    return {one: at for one, (at, is_no) in sorted(newest.items()) if is_no}


def _statements_of_refusers(rows: pa.Table, rule: OptOut) -> Iterator[tuple[dict[str, str | None], datetime]]:
    """The rows that answer this question, of those records alone that say no somewhere in them."""
    texts = pa.table({name: pc.cast(rows.column(name), pa.string()) for name in rule.reads})
    moments = rows.column("occurred_at")
    if rule.column and rows.num_rows:
        plain = pc.utf8_lower(pc.utf8_trim_whitespace(texts.column(rule.column)))
        owner = texts.column(PLACE.findall(rule.record)[0])
        refusers = owner.filter(pc.fill_null(pc.is_in(plain, pa.array(rule.says)), False)).combine_chunks()
        theirs = pc.and_(pc.is_in(owner, refusers), pc.fill_null(pc.not_equal(plain, ""), False))
        texts, moments = texts.filter(theirs), moments.filter(theirs)
    for row, at in zip(texts.to_pylist(), moments.to_pylist(), strict=True):
        yield row, at or EARLIEST
