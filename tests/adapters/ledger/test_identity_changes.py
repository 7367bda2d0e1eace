"""Every change of identity is a row, written in the transaction that follows it."""

from __future__ import annotations

import pytest

from dagster_project.adapters.ledger import Ledger
from tests.adapters.ledger.plans import DAY, NOON, aliases


def told(ledger: Ledger, until: object = NOON + 9 * DAY) -> list[tuple[int, str, str]]:
    rows = ledger.identity_changes(until).to_pylist()  # type: ignore[arg-type]
    return [((row["as_of"] - NOON.replace(tzinfo=None)).days, row["alias_customer_id"], row["change"]) for row in rows]


def test_a_merge_and_an_unmerge_are_rows_that_stay(ledger: Ledger) -> None:
    ledger.follow_aliases(aliases(c1="c1", c2="c2"), NOON)
    ledger.follow_aliases(aliases(c1="c1", c2="c1"), NOON + DAY)
    ledger.follow_aliases(aliases(c1="c1", c2="c2"), NOON + 2 * DAY)
    everything = [(0, "c1", "born"), (0, "c2", "born"), (1, "c2", "merged"), (2, "c2", "split")]
    assert told(ledger) == everything
    assert told(ledger, NOON + DAY) == everything[:3], "as of an earlier moment"


def test_the_same_run_again_adds_nothing_and_a_corrected_one_is_corrected(ledger: Ledger) -> None:
    ledger.follow_aliases(aliases(c1="c1", c2="c2"), NOON)
    ledger.follow_aliases(aliases(c1="c1", c2="c1"), NOON + DAY)
    before = told(ledger)
    ledger.follow_aliases(aliases(c1="c1", c2="c1"), NOON + DAY)
    assert told(ledger) == before
    ledger.follow_aliases(aliases(c1="c1", c2="c1", c3="c1"), NOON + DAY)
    assert told(ledger) == [*before, (1, "c3", "joined")]
    ledger.follow_aliases(aliases(c1="c1", c2="c2"), NOON)  # older than what is known
    assert told(ledger) == [*before, (1, "c3", "joined")]


def test_a_change_that_fails_halfway_is_no_change(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.follow_aliases(aliases(c1="c1", c2="c2"), NOON)

    def broken(*_: object) -> None:
        raise RuntimeError("the power went out")

    monkeypatch.setattr("dagster_project.adapters.ledger.aliases._move", broken)
    with pytest.raises(RuntimeError):
        ledger.follow_aliases(aliases(c1="c1", c2="c1"), NOON + DAY)
    assert [change for _, _, change in told(ledger)] == ["born", "born"]
    monkeypatch.undo()
    ledger.follow_aliases(aliases(c1="c1", c2="c1"), NOON + DAY)
    assert [change for _, _, change in told(ledger)] == ["born", "born", "merged"]
