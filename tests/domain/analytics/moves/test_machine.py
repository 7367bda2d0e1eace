"""The lifecycle is a state machine: every move is declared, and every declared kind of move means something."""

from __future__ import annotations

from collections import Counter

import pytest

from dagster_project.domain.analytics.lifecycle import LIFECYCLE_STAGES
from dagster_project.domain.analytics.moves import machine
from dagster_project.domain.analytics.moves.machine import (
    BOUGHT,
    BY_BUYING,
    BY_SILENCE,
    BY_THE_BASE,
    CORRECTED,
    JUDGED_AGAIN,
    MET,
    NOT_KNOWN,
    SILENT,
    cause_of,
    may_follow,
    reachable,
)
from dagster_project.domain.analytics.moves.moves import moves_between
from tests.domain.analytics.moves.daily import purchases, standing_days_ago


@pytest.fixture(scope="module")
def days_seen() -> Counter[tuple[str, str, str]]:
    """Every move of 300 customers on 55 days in a row, with its cause."""
    rows = purchases(180, seed=3)
    seen: Counter[tuple[str, str, str]] = Counter()
    before = standing_days_ago(55, rows)
    for days in range(54, -1, -1):
        after = standing_days_ago(days, rows)
        moved = moves_between(before, after)
        seen.update(zip(*(moved[name].to_pylist() for name in ("from_stage", "to_stage", "cause")), strict=True))
        before = after
    return seen


def test_every_move_from_one_day_to_the_next_is_declared(days_seen: Counter[tuple[str, str, str]]) -> None:
    declared = {BOUGHT: BY_BUYING, SILENT: BY_SILENCE, JUDGED_AGAIN: BY_THE_BASE}
    for before, after, cause in days_seen:
        if cause == MET:
            assert before == NOT_KNOWN
            continue
        assert cause != CORRECTED, "nothing was taken back in this town"
        assert after in declared[cause].get(before, ()), (before, after, cause)


def test_the_common_moves_are_seen(days_seen: Counter[tuple[str, str, str]]) -> None:
    common = {
        ("new", "active", SILENT),
        ("active", "fading", SILENT),
        ("active", "passive", SILENT),
        ("fading", "active", BOUGHT),
        ("fading", "passive", SILENT),
        ("passive", "active", BOUGHT),
        ("passive", "lost", SILENT),
        ("lost", "returned", BOUGHT),
        ("returned", "active", SILENT),
    }
    assert common <= set(days_seen)


def test_a_machine_without_a_move_is_found_out(
    days_seen: Counter[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    poorer = {**BY_SILENCE, "active": frozenset({"fading"})}
    monkeypatch.setattr(machine, "BY_SILENCE", poorer)
    assert ("active", "passive", SILENT) in days_seen
    assert cause_of("active", "passive", has_bought=False, is_corrected=False) == SILENT  # by way of fading
    monkeypatch.setattr(machine, "BY_SILENCE", {**poorer, "fading": frozenset({"lost"})})
    assert cause_of("active", "passive", has_bought=False, is_corrected=False) == CORRECTED


def test_nobody_becomes_a_prospect_again() -> None:
    for stage in LIFECYCLE_STAGES:
        assert "prospect" not in reachable(stage, BY_BUYING, BY_SILENCE, BY_THE_BASE)
        assert cause_of(stage, "prospect", has_bought=True, is_corrected=False) == CORRECTED


def test_silence_never_makes_a_customer_livelier() -> None:
    for sleepy in ("passive", "lost"):
        for lively in ("prospect", "new", "active", "returned"):
            assert not may_follow(sleepy, lively, has_bought=False)
    assert may_follow("lost", "active", has_bought=True)  # it came back, and time went by


def test_only_the_lost_return() -> None:
    for stage in ("prospect", "new"):
        assert "returned" not in BY_BUYING.get(stage, ())
    assert [stage for stage in BY_BUYING if "returned" in BY_BUYING[stage]] == ["lost"]


def test_every_stage_is_declared() -> None:
    named = set(BY_BUYING) | set(BY_SILENCE) | set(BY_THE_BASE)
    named |= {stage for moves in (BY_BUYING, BY_SILENCE, BY_THE_BASE) for after in moves.values() for stage in after}
    assert named == set(LIFECYCLE_STAGES)
