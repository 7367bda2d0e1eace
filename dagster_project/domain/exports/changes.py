"""Adds and removes of a whole audience at once: what ``delta`` says of a few customers, for a million."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.exports.delta import HELD, REFUSED


@dataclass(frozen=True)
class Changes:
    """Customers to add, to remove, and to replace (remove the old row, add the new), each sorted by id."""

    adds: pa.Array
    removes: pa.Array
    replaces: pa.Array

    def __bool__(self) -> bool:
        return bool(len(self.adds) or len(self.removes) or len(self.replaces))


def changes(customer_ids: pa.Array, fingerprints: pa.Array, held: pa.Table) -> Changes:
    """Compare today's audience with what the destination holds or has on its way; see :func:`delta.delta`.

    Args:
        customer_ids: today's audience, sorted, each once.
        fingerprints: of the identifiers each would be added with.
        held: customer_id, todays_customer_id, state, fingerprint, as the ledger gives them.

    >>> held = pa.table({"customer_id": ["c2", "c3"], "todays_customer_id": ["c2", "c3"],
    ...                  "state": ["member", "adding"], "fingerprint": ["f2", "f3"]})
    >>> found = changes(pa.array(["c1", "c2"]), pa.array(["f1", "f9"]), held)
    >>> found.adds.to_pylist(), found.removes.to_pylist(), found.replaces.to_pylist()
    (['c1'], ['c3'], ['c2'])
    """
    none = pa.array([], pa.string())
    if held.num_rows == 0:
        return Changes(customer_ids, none, none)
    held = held.combine_chunks()
    ids, states = held["customer_id"].combine_chunks(), held["state"].combine_chunks()
    is_same_audience = customer_ids.equals(ids)  # as it mostly is, but for identifiers
    place = pa.array(np.arange(len(ids), dtype=np.int32)) if is_same_audience else pc.index_in(customer_ids, ids)
    is_desired = np.zeros(held.num_rows, bool)
    is_desired[pc.drop_null(place).to_numpy()] = True
    holds = pc.is_in(states, pa.array(HELD))
    is_gone = pc.and_(holds, pc.invert(pa.array(is_desired)))
    gone = held.filter(is_gone)
    touched = gone.filter(pc.not_equal(gone["customer_id"], gone["todays_customer_id"]))["todays_customer_id"]
    is_held = pc.fill_null(holds.take(place), False)
    is_same = pc.fill_null(pc.equal(held["fingerprint"].combine_chunks().take(place), fingerprints), False)
    is_refused = pc.fill_null(pc.equal(states.take(place), REFUSED), False)
    is_touched = pc.is_in(customer_ids, touched.combine_chunks())
    is_replaced = pc.and_(is_held, pc.or_(pc.invert(is_same), is_touched))
    is_added = pc.and_(pc.invert(is_held), pc.invert(pc.and_(is_refused, is_same)))
    removes = gone["customer_id"].combine_chunks()
    return Changes(
        customer_ids.filter(is_added),
        removes.take(pc.sort_indices(removes)),
        customer_ids.filter(is_replaced),
    )
