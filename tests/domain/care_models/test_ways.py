"""Ways of a branch: one that is never taken is found, and nothing is called so that might be taken."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.care_models.ways import is_covered, never_holds, share_values
from dagster_project.domain.conditions import Condition, compile_condition
from tests.domain.care_models.making import at

COLUMNS = {"count_orders": "bigint", "value_tier": "string", "is_fading": "boolean", "count_returns": "bigint"}


def asked(text: str) -> Condition:
    return compile_condition(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count_orders > 5 and count_orders < 3", True),
        ("count_orders > 5 and count_orders <= 6", False),
        ("value_tier = 'top' and value_tier = 'low'", True),
        ("value_tier in ('top', 'high') and value_tier <> 'top'", False),
        ("is_fading and not is_fading", True),
        ("count_orders > 5 and count_orders < 3 or is_fading", False),
        ("count_orders + count_returns > 5 and count_orders < 3", False),  # cannot be compared: let through
    ],
)
def test_a_contradiction_is_found(text: str, expected: bool) -> None:
    assert never_holds(asked(text)) is expected


@pytest.mark.parametrize(
    ("text", "earlier", "expected"),
    [
        ("count_orders > 5", ["count_orders > 3"], True),
        ("count_orders > 3", ["count_orders > 5"], False),
        ("count_orders = 4", ["count_orders between 2 and 6"], True),
        ("count_orders >= 0", ["count_orders < 3", "count_orders >= 3"], True),
        ("count_orders >= 0", ["count_orders < 3", "count_orders > 3"], False),
        ("value_tier = 'top'", ["value_tier in ('top', 'high')"], True),
        ("value_tier = 'low'", ["value_tier not in ('top', 'high')"], True),
        ("value_tier in ('top', 'low')", ["value_tier in ('top', 'high')"], False),
        ("value_tier = 'top' and is_fading", ["is_fading"], True),
        ("is_fading", ["value_tier = 'top' and is_fading"], False),
        ("value_tier = 'top' or count_orders > 9", ["value_tier = 'top'", "count_orders > 3"], True),
        ("count_orders > 5", ["count_orders * 2 > 3"], False),
    ],
)
def test_a_way_that_is_never_taken_is_found(text: str, earlier: list[str], expected: bool) -> None:
    assert is_covered(asked(text), [asked(each) for each in earlier]) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("count_orders > 5", "count_orders > 3", True),
        ("count_orders > 5", "count_orders <= 5", False),
        ("value_tier = 'top'", "value_tier in ('high', 'low')", False),
        ("value_tier = 'top'", "is_fading", False),  # of two columns: which comes first is the author's word
    ],
)
def test_ways_about_one_column_that_share_values_are_found(one: str, other: str, expected: bool) -> None:
    assert share_values(asked(one), asked(other)) is expected


ATOMS = st.one_of(
    st.builds("count_orders {} {}".format, st.sampled_from([">", ">=", "<", "<=", "=", "<>"]), st.integers(0, 4)),
    st.builds("value_tier {} '{}'".format, st.sampled_from(["=", "<>"]), st.sampled_from(["top", "high", "low"])),
    st.sampled_from(["is_fading", "not is_fading", "value_tier in ('top', 'low')", "count_orders between 1 and 3"]),
)
JOINED = st.sampled_from(["and", "or"])
CONDITIONS = st.recursive(ATOMS, lambda parts: st.builds("({} {} {})".format, parts, JOINED, parts), max_leaves=4)


@settings(max_examples=150, deadline=None)
@given(CONDITIONS, st.lists(CONDITIONS, min_size=1, max_size=3))
def test_nothing_is_refused_that_could_be_taken(text: str, earlier: list[str]) -> None:
    """Over every customer there could be: where the verdict is never taken, nobody takes it."""
    import pyarrow as pa

    rows = [
        (orders, tier, fading)
        for orders in range(-1, 6)
        for tier in ("top", "high", "low", "none")
        for fading in (True, False)
    ]
    table = pa.table(
        {
            "count_orders": pa.array([row[0] for row in rows], pa.int64()),
            "value_tier": [row[1] for row in rows],
            "is_fading": [row[2] for row in rows],
        }
    )
    conditions = {"mine": asked(text)} | {str(number): asked(each) for number, each in enumerate(earlier)}
    answers = {name: column.to_pylist() for name, column in evaluate(conditions, table, at("2026-03-01T12:00")).items()}
    taken = [
        mine and not any(answers[str(number)][row] for number in range(len(earlier)))
        for row, mine in enumerate(answers["mine"])
    ]
    if is_covered(conditions["mine"], [conditions[str(number)] for number in range(len(earlier))]):
        assert not any(taken)
    if never_holds(conditions["mine"]):
        assert not any(answers["mine"])
