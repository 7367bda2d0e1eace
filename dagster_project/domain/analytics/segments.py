"""Segments as tables: who is in which, and whether each has the size its owner expects."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from dagster_project.domain.analytics.schema import SEGMENT_SIZES, SEGMENTS, conforming

TARGETING = "targeting"  # the purpose of segments that audiences and care models may draw on


@dataclass(frozen=True)
class SizeBand:
    """The size a segment should have: shares of all customers, or numbers of customers."""

    min_share: float | None = None
    max_share: float | None = None
    min_count: int | None = None
    max_count: int | None = None

    def in_customers(self, count_customers: int) -> tuple[int, int]:
        """The smallest and largest right number of members in a base of this size.

        Shares are rounded outwards to whole customers, so that a small base has a band, too.

        >>> SizeBand(min_share=0.02, max_share=0.08).in_customers(1000)
        (20, 80)
        >>> SizeBand(min_share=0.02, max_share=0.08).in_customers(120)
        (2, 10)
        """
        # A millionth of a customer forgives what floats make of a share: 0.07 * 100 is 7.000000000000001.
        low, high = self.min_count, self.max_count
        if low is None:
            low = math.floor((self.min_share or 0) * count_customers + 1e-6)
        if high is None:
            high = math.ceil((1 if self.max_share is None else self.max_share) * count_customers - 1e-6)
        return low, max(high, 0)


def members(customer_ids: pa.ChunkedArray, answers: Mapping[str, pa.BooleanArray]) -> pa.Table:
    """One row per segment and member, sorted by both.

    Args:
        customer_ids: of all customers.
        answers: per segment, yes or no for each of them, in the same order.
    """
    parts = []
    for segment in sorted(answers):
        chosen = customer_ids.filter(answers[segment])
        parts.append(pa.table({"segment": pa.repeat(segment, len(chosen)), "customer_id": chosen}))
    rows = pa.concat_tables(parts) if parts else SEGMENTS.empty_table()
    return conforming("segments", rows.sort_by([("segment", "ascending"), ("customer_id", "ascending")]))


def sizes(
    segments: Mapping[str, tuple[str, str, SizeBand]], counts: Mapping[str, int], count_customers: int
) -> pa.Table:
    """One row per segment: its size, the size it should have, and whether it has it.

    Args:
        segments: name to owner, purpose and band.
        counts: name to number of members.
        count_customers: in the whole base.
    """
    rows = []
    for segment, (owner, purpose, band) in sorted(segments.items()):
        low, high = band.in_customers(count_customers)
        count = counts[segment]
        rows.append(
            {
                "segment": segment,
                "owner": owner,
                "purpose": purpose,
                "count_customers": count,
                "expected_min": low,
                "expected_max": high,
                "is_within_band": low <= count <= high,
            }
        )
    return conforming("segment_sizes", pa.Table.from_pylist(rows, schema=SEGMENT_SIZES))


def breaches(segment_sizes: pa.Table, wanted: Iterable[str]) -> dict[str, str]:
    """Which of these segments nothing may be exported from, each with the reason in words.

    A segment of the wrong size is more often a slip in its condition or in the data than a change of the world: nobody
    is contacted on its word until its owner has looked.

    Args:
        segment_sizes: the table of that name.
        wanted: names of segments that something draws on.

    >>> one = sizes({"top": ("team:crm", "targeting", SizeBand(min_count=1, max_count=5))}, {"top": 9}, 100)
    >>> breaches(one, ["top", "quiet"])["top"]
    'segment top has 9 customers, its owner team:crm expects 1 to 5'
    >>> breaches(one, ["quiet"])
    {'quiet': 'segment quiet could not be asked: its file is missing or wrong'}
    """
    known = {row["segment"]: row for row in segment_sizes.to_pylist()}
    told = {}
    for segment in sorted(set(wanted)):
        row = known.get(segment)
        if row is None:
            told[segment] = f"segment {segment} could not be asked: its file is missing or wrong"
        elif row["purpose"] != TARGETING:
            told[segment] = f"segment {segment} is for {row['purpose']}: nothing may be exported from it"
        elif not row["is_within_band"]:
            told[segment] = (
                f"segment {segment} has {row['count_customers']} customers, its owner {row['owner']} expects "
                f"{row['expected_min']} to {row['expected_max']}"
            )
    return told
