"""Random weeks under every rule at once: runs, two runs at once, grabs, crashes, consents, merges, answers, jumps.

``HOIVA_SCENARIOS=10000 pytest -m slow`` plays as many; a part of them is in the suite.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.decisions.policy import ContactPolicy
from tests.adapters.ledger.scenarios import CUSTOMERS, POLICY, play, wish

someone = st.sampled_from(CUSTOMERS)
wishes = st.lists(
    st.tuples(
        someone,
        st.sampled_from(["m1", "m2", "m3", "m4", "m5", "m6", "m7"]),
        st.sampled_from(["email", "phone"]),
        st.integers(0, 4),
        st.sampled_from(["marketing", "marketing", "marketing", "transactional", "mandatory"]),
        st.sampled_from([None, "gift"]),
        st.sampled_from([5, 8, 10, 20]),
    ),
    min_size=1,
    max_size=14,
)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("run"), wishes),
        st.tuples(st.just("run"), wishes),
        st.tuples(st.just("two_runs"), st.tuples(wishes, wishes)),
        st.tuples(st.just("grab"), wishes),
        st.tuples(st.just("crash"), wishes),
        st.tuples(st.just("withdraw"), someone),
        st.tuples(st.just("deny"), someone),
        st.tuples(st.just("hold_out"), someone),
        st.tuples(st.just("merge"), st.tuples(someone, someone)),
        st.tuples(st.just("publish"), st.sampled_from(["accepted", "partly", "none"])),
        st.tuples(st.just("publish"), st.sampled_from(["accepted", "partly", "none"])),
        st.tuples(st.just("end"), someone),
        st.tuples(st.just("jump"), st.integers(0, 6)),
    ),
    min_size=3,
    max_size=9,
)
UNHURRIED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=40, **UNHURRIED)
@given(happens=moves)
def test_random_weeks_break_nothing(migrated_file: Path, happens: list[tuple[str, Any]]) -> None:
    play(migrated_file, happens)


@pytest.mark.slow
@settings(max_examples=int(os.environ.get("HOIVA_SCENARIOS", "1000")), database=None, **UNHURRIED)
@given(happens=moves)
def test_very_many_random_weeks_break_nothing(migrated_file: Path, happens: list[tuple[str, Any]]) -> None:
    play(migrated_file, happens)


def test_a_mandatory_contact_that_went_out_came_before_as_any_other(migrated_file: Path) -> None:
    first = ("grab", [wish("c2", "m1", action_class="mandatory")])
    assert play(migrated_file, [first, letters("m4", "c2", ahead=4)]).refused, "reserved is not yet made"
    assert not play(migrated_file, [first, ("publish", "accepted"), letters("m4", "c2", ahead=4)]).refused


def without(*names: str) -> ContactPolicy:
    """The policy without these volume constraints."""
    return replace(POLICY, volumes=tuple(one for one in POLICY.volumes if one.name not in names))


def calls(model: str, *people: str, **given: Any) -> tuple[str, Any]:
    return "grab", [wish(one, model, "phone", **given) for one in people]


def letters(model: str, *people: str, **given: Any) -> tuple[str, Any]:
    return "grab", [wish(one, model, **given) for one in people]


EMAIL_FREE = replace(POLICY.channels["email"], daily_capacity=None)
NEVER_QUIET = replace(POLICY.channels["phone"], opens=EMAIL_FREE.opens, closes=EMAIL_FREE.closes)
# A rule that the ledger does not know while the oracle does, and what happens then.
OFF: dict[str, tuple[ContactPolicy, list[tuple[str, Any]]]] = {
    "cap": (
        replace(POLICY, caps=POLICY.caps[1:]),
        [calls("m2", "c2"), calls("m5", "c2", ahead=1), calls("m6", "c2", ahead=2)],
    ),
    "household": (replace(POLICY, caps=POLICY.caps[:1]), [letters("m2", "c0"), letters("m2", "c1", ahead=2)]),
    "day": (replace(POLICY, per_customer_per_day=None), [letters("m2", "c2"), calls("m5", "c2")]),
    "rest": (replace(POLICY, rests=()), [calls("m1", "c2"), letters("m2", "c2", ahead=1)]),
    "pair": (replace(POLICY, pairs=POLICY.pairs[1:]), [letters("m2", "c2"), calls("m3", "c2", ahead=2)]),
    "followed": (
        replace(POLICY, pairs=(POLICY.pairs[0], POLICY.pairs[2])),
        [letters("m3", "c2"), calls("m1", "c2", ahead=3)],
    ),
    "after": (replace(POLICY, pairs=POLICY.pairs[:2]), [letters("m4", "c2")]),
    "package": (
        replace(POLICY, packages=(replace(POLICY.packages[0], most=3),)),
        [("grab", [wish("c2", model) for model in ("m5", "m6", "m7")])],
    ),
    "capacity": (
        replace(POLICY, channels=POLICY.channels | {"email": EMAIL_FREE}),
        [letters("m5", "c0", "c2", "c3", "c5")],
    ),
    "minutes": (without("minutes"), [calls("m5", "c0", "c2", "c3")]),
    "budget": (without("budget"), [calls("m2", "c0", "c2"), calls("m2", "c3", ahead=1)]),
    "stock": (
        without("stock"),
        [letters("m5", "c0", "c2", "c3", offer="gift"), letters("m5", "c5", ahead=1, offer="gift")],
    ),
    "quiet": (
        replace(POLICY, quiet=None, channels=POLICY.channels | {"phone": NEVER_QUIET}),
        [calls("m5", "c2", hour=20)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", OFF)
def test_the_oracle_catches_a_rule_that_is_switched_off(migrated_file: Path, rule: str) -> None:
    policy, happens = OFF[rule]
    play(migrated_file, happens)
    with pytest.raises(AssertionError, match="pair" if rule == "followed" else rule):
        play(migrated_file, happens, policy)


BLIND: dict[str, tuple[str, dict[str, Any], list[tuple[str, Any]]]] = {
    "a consent": ("consent", {"consent_ids": "made up"}, [("deny", "c2"), letters("m2", "c2")]),
    "a suppression": ("consent", {"suppressed": {}}, [("withdraw", "c2"), letters("m2", "c2")]),
    "the holdout": ("consent", {"held_out": frozenset()}, [("hold_out", "c2"), letters("m2", "c2")]),
    "a repetition": (
        "repetition",
        {"repeated": frozenset()},
        [letters("m2", "c2"), ("merge", ("c2", "c5")), letters("m2", "c5", ahead=3)],
    ),
    "households": ("household", {"households": {}}, [letters("m2", "c0"), letters("m2", "c1", ahead=2)]),
    "earlier contacts": (
        "cap",
        {"taken": {}},
        [calls("m2", "c2"), calls("m5", "c2", ahead=1), calls("m6", "c2", ahead=2)],
    ),
    "earlier volumes": ("minutes", {"volumes": {}}, [calls("m5", "c0", "c2"), calls("m6", "c3")]),
}  # fmt: skip


@pytest.mark.parametrize("what", BLIND)
def test_the_oracle_catches_a_claim_that_does_not_look(
    migrated_file: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    rule, nothing, happens = BLIND[what]
    look = Ledger._look

    def blind(self: Ledger, connection: Any, rows: Any, *rest: Any) -> Any:
        ids = rows["contact_id"].to_pylist()
        seen = {name: dict.fromkeys(ids, value) if value == "made up" else value for name, value in nothing.items()}
        return replace(look(self, connection, rows, *rest), **seen)

    play(migrated_file, happens)
    monkeypatch.setattr(Ledger, "_look", blind)
    with pytest.raises(AssertionError, match=rule):
        play(migrated_file, happens)
