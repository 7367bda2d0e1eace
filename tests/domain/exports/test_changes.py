"""What an audience of a million is told is what a few customers are told: the two ways agree on everything."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.exports.changes import changes
from dagster_project.domain.exports.delta import Delta, Held, delta

CUSTOMERS = st.sampled_from([f"c{number}" for number in range(8)])
FINGERPRINTS = st.sampled_from(["f1", "f2"])
DESIRED = st.dictionaries(CUSTOMERS, FINGERPRINTS)
STATES = st.sampled_from(["adding", "member", "removing", "rejected"])
HELDS = st.dictionaries(CUSTOMERS, st.tuples(STATES, FINGERPRINTS, CUSTOMERS))


def held_table(held: dict[str, tuple[str, str, str]]) -> pa.Table:
    rows = [(key, *held[key]) for key in sorted(held)]
    names = ("customer_id", "state", "fingerprint", "todays_customer_id")
    return pa.table({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)})


@settings(deadline=None, max_examples=60)  # the first of Arrow's functions loads the others
@given(DESIRED, HELDS)
def test_both_ways_tell_the_same(desired: dict[str, str], held: dict[str, tuple[str, str, str]]) -> None:
    ids = pa.array(sorted(desired), pa.string())
    found = changes(ids, pa.array([desired[key] for key in sorted(desired)], pa.string()), held_table(held))
    merged = {key: today for key, (_, _, today) in held.items() if today != key}
    expected = delta(desired, {key: Held(state, print_) for key, (state, print_, _) in held.items()}, merged)
    assert Delta(found.adds.to_pylist(), found.removes.to_pylist(), found.replaces.to_pylist()) == expected
    assert bool(found) is bool(expected)
