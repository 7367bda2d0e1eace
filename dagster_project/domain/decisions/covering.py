"""Channels that no statement names: whose consent allows them.

Customers are asked about letters and calls, never about a sample or a word in the shop. A channel says whose consent
covers it; what is asked of customers stays as it is, and a denial of the channel itself always wins.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.decisions.policy import ANY_CONSENT, ContactPolicy

ORDER = [  # the newest consent is cited; the id ends a tie
    ("customer_id", "ascending"),
    ("purpose", "ascending"),
    ("decided_at", "descending"),
    ("consent_id", "ascending"),
]


def with_covered(consents_current: pa.Table, policy: ContactPolicy) -> pa.Table:
    """The consents, and beside them what they mean for channels that are covered by another's.

    A channel covered by letters has the consents and the denials of letters. One that any consent covers is allowed to
    whoever has allowed some channel for the same purpose; who has allowed nothing is left alone.

    Args:
        consents_current: customer_id, purpose, channel, is_allowed, consent_id, decided_at.
        policy: knows the channels.

    Returns:
        the same columns; a covered channel may have two rows for a customer, of which a denial counts.
    """
    tables = [consents_current]
    channels = consents_current["channel"].cast(pa.string())
    for name, channel in sorted(policy.channels.items()):
        if channel.covered_by == ANY_CONSENT:
            given = pc.and_(pc.fill_null(consents_current["is_allowed"], False), pc.not_equal(channels, name))
            told = _one_each(consents_current.filter(given))
        elif channel.covered_by:
            told = consents_current.filter(pc.equal(channels, channel.covered_by))
        else:
            continue
        place = told.schema.get_field_index("channel")
        kind = told.schema.field(place).type
        tables.append(told.set_column(place, "channel", pa.array([name] * told.num_rows, pa.string()).cast(kind)))
    return pa.concat_tables(tables) if len(tables) > 1 else consents_current


def _one_each(given: pa.Table) -> pa.Table:
    """The newest consent of each customer and purpose."""
    ordered = given.sort_by(ORDER)
    numbered = ordered.append_column("place", pa.array(range(ordered.num_rows), pa.int64()))
    firsts = numbered.group_by(["customer_id", "purpose"], use_threads=False).aggregate([("place", "min")])
    return ordered.take(firsts["place_min"])
