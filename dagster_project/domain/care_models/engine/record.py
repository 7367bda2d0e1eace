"""The record of what enrolments did: rows are only added, and what holds is a fold of them.

A row voids the rows of its enrolment that were recorded before it and stand at its position or later: so an event
that came late corrects the record, and every past day can be read as it was known then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.engine import schema as did
from dagster_project.domain.care_models.engine.schema import TRANSITIONS
from dagster_project.domain.care_models.engine.walk import Log, Plan, Walkers
from dagster_project.domain.care_models.moments import NEVER, Moments
from dagster_project.domain.care_models.schema import MOMENT

# What was recorded of some enrolments so far, as it holds now: their ids to ``TRANSITIONS``.
PathOf = Callable[[pa.Array], pa.Table]


def path(transitions: pa.Table, as_of: Moments | int = NEVER) -> pa.Table:
    """What of the record holds, as known by a moment: one row per enrolment and position, in order.

    >>> def row(position, did, recorded):
    ...     return {"enrolment_id": "e", "position": position, "did": did, "occurred_at": 0, "recorded_as_of": recorded}
    >>> rows = [row(0, "entered", 1), row(1, "no_reaction", 2), row(2, "contacted", 2), row(1, "opened", 3)]
    >>> record = pa.Table.from_pylist(rows, schema=TRANSITIONS)
    >>> path(record)["did"].to_pylist(), path(record, as_of=2)["did"].to_pylist()
    (['entered', 'opened'], ['entered', 'no_reaction', 'contacted'])
    """
    recorded = transitions["recorded_as_of"].cast(pa.int64()).to_numpy()
    ids, positions = _ranks(transitions["enrolment_id"]), transitions["position"].to_numpy()
    rows = np.lexsort((positions, ids)) if as_of == NEVER else _known_in_order(recorded, positions, ids, as_of)
    same = np.zeros(len(rows), dtype=bool)  # as the row before: of one enrolment
    same[1:] = ids[rows[1:]] == ids[rows[:-1]]
    # A path that was only ever added to needs no more than its order. Most are; the others are worked out.
    back = np.zeros(len(rows), dtype=bool)
    back[1:] = same[1:] & ((positions[rows[1:]] == positions[rows[:-1]]) | (recorded[rows[1:]] < recorded[rows[:-1]]))
    if back.any():
        is_mended = np.zeros(int(ids.max()) + 1, dtype=bool)
        is_mended[ids[rows[back]]] = True
        mended = is_mended[ids[rows]]
        rows = np.concatenate([rows[~mended], _what_holds(rows[mended], ids, positions, recorded)])
        rows = rows[np.lexsort((positions[rows], ids[rows]))]
    held = transitions.take(pa.array(rows))
    return held.filter(pc.not_equal(held["did"], did.CORRECTED))


def _ranks(ids: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A number for each id, in the order of the ids."""
    encoded = ids.combine_chunks().dictionary_encode()
    ranks = pc.rank(encoded.dictionary, tiebreaker="dense").to_numpy().astype(np.int64)
    return ranks[encoded.indices.to_numpy()]


def _known_in_order(
    recorded: Moments, positions: npt.NDArray[np.int64], ids: npt.NDArray[np.int64], as_of: Moments | int
) -> npt.NDArray[np.int64]:
    known = np.flatnonzero(recorded <= as_of)
    return known[np.lexsort((positions[known], ids[known]))]


def _what_holds(
    rows: npt.NDArray[np.int64], ids: npt.NDArray[np.int64], positions: npt.NDArray[np.int64], recorded: Moments
) -> npt.NDArray[np.int64]:
    """Of these rows, those that no newer row of the enrolment voids."""
    import pandas as pd

    rows = rows[np.lexsort((positions[rows], -recorded[rows], ids[rows]))]
    who, when, where = ids[rows], recorded[rows], positions[rows]
    is_first = np.ones(len(rows), dtype=bool)  # of one run's rows; the newest run stands first
    is_first[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    starts = np.flatnonzero(is_first)
    lowest = pd.Series(where[starts]).groupby(who[starts]).cummin()
    limits = lowest.groupby(who[starts]).shift(1, fill_value=NEVER).to_numpy()  # of all newer runs
    return rows[where < np.repeat(limits, np.diff(np.append(starts, len(rows))))]


def transitions_of(plan: Plan, log: Log, ids: pa.ChunkedArray, now: int) -> pa.Table:
    if not log.parts:
        return TRANSITIONS.empty_table()
    rows, positions, places, words, moments = (np.concatenate(column) for column in zip(*log.parts, strict=True))
    order = np.lexsort((positions, rows))
    steps = np.array([step.step for step in plan.steps], dtype=object)
    columns = {
        "enrolment_id": ids.take(pa.array(rows[order])),
        "position": pa.array(positions[order]),
        "step": pa.array(steps[places[order]], pa.string()),
        "did": pa.array(words[order], pa.string()),
        "occurred_at": as_moments(moments[order]),
        "recorded_as_of": as_moments(np.full(len(order), now)),
    }
    return as_table(columns, TRANSITIONS)


def only_what_is_new(
    plan: Plan,
    found: pa.Table,
    theirs: pa.Table,
    walkers: Walkers,
    late: npt.NDArray[np.bool_],
    now: int,
    path_of: PathOf,
) -> pa.Table:
    """Of those looked at anew, only what differs from the record; where it says too much, a correction."""
    rows = np.flatnonzero(late)
    if not len(rows):
        return found
    ids = theirs["enrolment_id"].take(pa.array(rows)).combine_chunks()
    anew = pc.is_in(found["enrolment_id"], value_set=ids)
    told = path_of(ids)
    if not told.num_rows:
        return found
    new, old = found.filter(anew).to_pandas(), told.to_pandas()
    anchors = dict(zip(ids.to_pylist(), theirs["anchor_transitions"].to_numpy()[rows].tolist(), strict=True))
    old = old[old["position"] >= _of_each(anchors, old["enrolment_id"])]
    key = ["enrolment_id", "position"]
    both = new.merge(old, on=key, how="outer", suffixes=("", "_old"), indicator=True).sort_values(key)
    same = (
        (both["_merge"] == "both") & (both["did"] == both["did_old"]) & (both["occurred_at"] == both["occurred_at_old"])
    )
    same &= both["step"].fillna("") == both["step_old"].fillna("")
    first = both[~same].groupby("enrolment_id")["position"].min().to_dict()
    kept = new[new["position"] >= _of_each(first, new["enrolment_id"])]
    too_long = both[both["_merge"] == "right_only"].groupby("enrolment_id")["position"].min()
    too_long = too_long[too_long.to_numpy() == _of_each(first, too_long.index)]  # else a new transition voids the rest
    stands = dict(zip(ids.to_pylist(), walkers.place[rows].tolist(), strict=True))
    steps = [plan.steps[stands[one]].step if stands[one] < len(plan.steps) else None for one in too_long.index]
    corrections = pa.table(
        {
            "enrolment_id": pa.array(too_long.index.to_list(), pa.string()),
            "position": pa.array(too_long.to_numpy(dtype=np.int64)),
            "step": pa.array(steps, pa.string()),
            "did": pa.array([did.CORRECTED] * len(too_long), pa.string()),
            "occurred_at": as_moments(np.full(len(too_long), now)),
            "recorded_as_of": as_moments(np.full(len(too_long), now)),
        },
        schema=TRANSITIONS,
    )
    written = pa.Table.from_pandas(kept[TRANSITIONS.names], schema=TRANSITIONS, preserve_index=False)
    both_kinds = pa.concat_tables([found.filter(pc.invert(anew)), written, corrections])
    return both_kinds.sort_by([("enrolment_id", "ascending"), ("position", "ascending")])


def _of_each(values: Mapping[str, int], ids: Iterable[str]) -> npt.NDArray[np.int64]:
    """The value of each id, ``NEVER`` where it has none."""
    return np.array([values.get(one, NEVER) for one in ids], dtype=np.int64)


def as_moments(values: Moments) -> pa.Array:
    values = np.asarray(values, dtype=np.int64)
    return pa.array(values, pa.int64(), mask=values == NEVER).cast(MOMENT)


def as_table(columns: Mapping[str, pa.Array | pa.ChunkedArray], schema: pa.Schema) -> pa.Table:
    return pa.table([columns[name] for name in schema.names], schema=schema)
