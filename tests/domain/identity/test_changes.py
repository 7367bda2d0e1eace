"""What changed in who is who, told from two states."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dagster_project.domain.identity.changes import changes_between

STATES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef"), max_size=6)


def test_each_change_has_its_name() -> None:
    before = {"a": "a", "b": "b", "c": "a", "d": "d", "e": "d", "f": "f"}
    now = {"a": "a", "b": "a", "c": "c", "d": "d", "e": "a", "g": "g", "h": "a"}
    assert changes_between(before, now) == [
        ("b", "b", "a", "merged"),
        ("c", "a", "c", "split"),
        ("e", "d", "a", "moved"),
        ("f", "f", None, "gone"),
        ("g", None, "g", "born"),
        ("h", None, "a", "joined"),
    ]


@given(STATES, STATES)
def test_the_changes_lead_from_the_one_state_to_the_other(before: dict[str, str], now: dict[str, str]) -> None:
    state = dict(before)
    for record, former, customer, _ in changes_between(before, now):
        assert state.get(record) == former
        if customer is None:
            del state[record]
        else:
            state[record] = customer
    assert state == now
    assert changes_between(now, now) == []
