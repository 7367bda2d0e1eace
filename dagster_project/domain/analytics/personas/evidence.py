"""What speaks for a persona, in words a person can read out. Never a name or an address: only columns of conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.columns import Numbers

COUNT_REASONS = 3  # columns named for a centre
TENTHS = 10
LEAST_DISTANCE = 0.1  # of a place from the middle of the base: nearer to it, it speaks for nobody


def words_of(column: str) -> str:
    """A column as words.

    >>> words_of("count_orders_365d"), words_of("purchase_amount_90d"), words_of("median_gap_days")
    ('orders in 365 days', 'purchase amount in 90 days', 'median gap days')
    """
    name, _, window = column.removeprefix("count_").rpartition("_")
    if name and window.endswith("d") and window[:-1].isdigit():
        return f"{name.replace('_', ' ')} in {window[:-1]} days"
    return column.removeprefix("count_").replace("_", " ")


def said_by_values(rows: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    """The customers' own values of the columns a condition asks about, one sentence each.

    >>> said_by_values(pa.table({"count_orders": [3, None], "value_tier": ["top", "low"]}),
    ...                ["count_orders", "value_tier"]).to_pylist()
    ['orders 3; value tier top', 'orders unknown; value tier low']
    """
    parts = []
    for column in columns:
        values = rows.column(column)
        if pa.types.is_floating(values.type):
            values = pc.round(values, 2)
        if pa.types.is_timestamp(values.type):
            values = pc.cast(values, pa.date32())
        if pa.types.is_decimal(values.type):
            values = pc.round(values, 2).cast(pa.decimal128(18, 2))
        text = pc.fill_null(pc.cast(values, pa.string()), "unknown")
        parts.append(pc.binary_join_element_wise(words_of(column), text, " "))
    return pc.binary_join_element_wise(*parts, "; ")


def said_by_places(places: Numbers, centre: Numbers, columns: Sequence[str]) -> list[str]:
    """Why customers are near a centre: the columns in which both lie furthest to the same side of the middle.

    >>> said_by_places(np.array([[0.95, 0.12], [0.45, 0.5]]), np.array([0.9, 0.2]),
    ...                ["count_orders_365d", "return_amount"])
    ['orders in 365 days more than 9 in 10 customers; return amount less than 8 in 10', 'nearest to it of all']

    Args:
        places: of these customers, one row each.
        centre: the persona's.
        columns: what the places are of.
    """
    if not len(places):
        return []
    strength = (places - 0.5) * (centre - 0.5)
    order = np.argsort(-strength, axis=1, kind="stable")[:, :COUNT_REASONS]
    is_far = (np.abs(places - 0.5) >= LEAST_DISTANCE) & (np.abs(centre - 0.5) >= LEAST_DISTANCE)
    speaks = np.take_along_axis((strength > 0) & is_far, order, axis=1)
    tenth = np.minimum((np.take_along_axis(places, order, axis=1) * TENTHS).astype(np.int64), TENTHS - 1)
    keys = np.where(speaks, order * TENTHS + tenth, -1)
    different, place = np.unique(keys, axis=0, return_inverse=True)
    said = [_sentence(row, columns) for row in different.tolist()]
    return [said[number] for number in place.ravel().tolist()]


def _sentence(keys: Sequence[int], columns: Sequence[str]) -> str:
    parts: list[str] = []
    for key in keys:
        if key < 0:
            continue
        column, tenth = divmod(key, TENTHS)
        side, of_ten = ("more", tenth) if tenth >= TENTHS // 2 else ("less", TENTHS - 1 - tenth)
        people = " customers" if not parts else ""
        parts.append(f"{words_of(columns[column])} {side} than {of_ten} in {TENTHS}{people}")
    return "; ".join(parts) or "nearest to it of all"
