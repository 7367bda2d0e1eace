"""Full batches: a whole audience as it should be, for receivers that replace what they hold.

Somebody who is removed from such a list leaves only when the list is replaced. Everybody in it is noted in the ledger
as added: so each is asked once more about consent as the batch appears, a batch with somebody who said no is taken back
until its receiver took it, and an answer counts for each, exactly as if she were new.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters import sent_rows
from dagster_project.adapters.content import Content, Lines, noted, rows_files
from dagster_project.adapters.membership_batches import KEY_SIZE, Wanted
from dagster_project.adapters.membership_batches import _key as secret_of
from dagster_project.domain.exports.batches import MembershipChanges
from dagster_project.domain.exports.changes import Changes
from dagster_project.domain.exports.delta import HELD
from dagster_project.domain.exports.prints import prints
from dagster_project.domain.exports.writing import plain_schema

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.membership_batches import Make
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.domain.exports.formats import Format
    from dagster_project.settings import Settings

log = logging.getLogger(__name__)


def making(ledger: Ledger, as_of: datetime, *, is_frozen: bool) -> Make:
    """How :func:`membership_batches.content` makes the files where a batch carries today's whole audience.

    ``is_frozen``: today's audience is not to be trusted. The destination is told again what it holds, without whoever
    may not be in any audience.
    """
    return partial(_content, ledger, as_of, is_frozen)


def _content(
    ledger: Ledger,
    as_of: datetime,
    is_frozen: bool,
    settings: Settings,
    destination: Destination,
    form: Format,
    wanted: Wanted,
    memberships: pa.Table,
    change: Changes,
) -> Content:
    held = memberships.filter(pc.is_in(memberships["state"], pa.array(HELD)))
    if is_frozen:
        staying = held.filter(pc.invert(pc.is_in(held["customer_id"], change.removes)))
        wanted = _as_told(settings, ledger, destination, wanted.rows.schema, staying, as_of)
        change = _with_lost(destination, change, staying, wanted)
    ids = wanted.rows["customer_id"].combine_chunks()
    changed = pa.concat_arrays([change.adds, change.replaces])
    is_changed = pc.is_in(ids, changed)
    # Whoever was refused under the same identifiers is neither: asking again would change nothing.
    is_told_again = pc.and_(pc.is_in(ids, held["customer_id"].combine_chunks()), pc.invert(is_changed))
    told = wanted.of(ids.filter(pc.or_(is_changed, is_told_again)))
    told_ids = told.rows["customer_id"].combine_chunks()
    secret = secret_of(settings, destination, "customer")
    keys, removed_keys = prints(secret, [told_ids], KEY_SIZE), prints(secret, [change.removes], KEY_SIZE)
    removed_prints = (
        held["fingerprint"].combine_chunks().take(pc.index_in(change.removes, held["customer_id"].combine_chunks()))
    )
    files = form.files("full", told.rows.drop_columns("customer_id"))
    all_added = noted(told_ids, keys, told.fingerprints, "add")
    is_new = pc.is_in(told_ids, changed)
    retold = all_added.filter(pc.invert(is_new))
    return Content(
        (*files, *rows_files([Lines(files, keys, told.consents)])),
        memberships=MembershipChanges(
            noted(change.removes, removed_keys, removed_prints, "remove"), all_added.filter(is_new), retold
        ),
        added=told.rows,
        count_retold=retold.num_rows,
    )


def _as_told(
    settings: Settings, ledger: Ledger, destination: Destination, schema: pa.Schema, held: pa.Table, as_of: datetime
) -> Wanted:
    """Members with the rows they were last added with, and the consents that allow them now."""
    added_in = dict(zip(held["customer_id"].to_pylist(), held["added_in"].to_pylist(), strict=True))
    rows = sent_rows.read(settings.at_home, destination.name, added_in, plain_schema(schema))
    ids = rows["customer_id"].combine_chunks()
    cited = ledger.cited_consents(ids.to_pylist(), destination.purpose, destination.channel, as_of)
    consents = pa.array([cited.get(one) for one in ids.to_pylist()], pa.string())
    fingerprints = held["fingerprint"].combine_chunks().take(pc.index_in(ids, held["customer_id"].combine_chunks()))
    return Wanted(rows.combine_chunks(), fingerprints, consents)


def _with_lost(destination: Destination, change: Changes, held: pa.Table, told: Wanted) -> Changes:
    """A list that is replaced lets go of members whose rows are lost: the ledger notes what is true."""
    ids = held["customer_id"].combine_chunks()
    lost = ids.filter(pc.invert(pc.is_in(ids, told.rows["customer_id"].combine_chunks())))
    if not len(lost):
        return change
    log.warning(
        "%s: %d members are not in the full batch, as vault/sent has lost the rows they were added with; they are added"
        " again once its audience is no longer held back",
        destination.name,
        len(lost),
    )
    removes = pa.concat_arrays([change.removes, lost])
    return Changes(change.adds, removes.take(pc.sort_indices(removes)), change.replaces)
