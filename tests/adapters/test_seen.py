"""Nobody in a great audience is asked about again while nothing can have changed; and whatever changes is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters import seen
from dagster_project.adapters.exporting import export_destination, waiting
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.ledger.plans import consents
from tests.adapters.small_house import AS_OF, GOOGLE, consent, customer_ids, house, point, take_all

IDS = customer_ids(6)
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        consent(opened, IDS)
        house(home, map(point, IDS), audience=IDS[:4])
        export_destination(home, opened, GOOGLE, AS_OF)
        take_all(home, GOOGLE.name)
        yield opened


@pytest.fixture
def asked(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Whom the ledger is asked about from now on."""
    found: list[set[str]] = []
    ask = ledger.blocked_customers

    def noted(ids: list[str], *named: object) -> dict[str, str]:
        found.append(set(ids))
        return ask(ids, *named)

    monkeypatch.setattr(ledger, "blocked_customers", noted)
    return found


def removed(settings: Settings, ledger: Ledger) -> list[str]:
    rows = ledger.memberships(GOOGLE.name).to_pylist()
    return [row["customer_id"] for row in rows if row["state"] == "removing"]


def test_only_who_is_new_is_asked_about(home: Settings, ledger: Ledger, asked: list[set[str]]) -> None:
    assert waiting(home, ledger, [GOOGLE], AS_OF) == []
    assert asked == []
    changed = [point(one) | ({"email": "uusi@example.com"} if one == IDS[1] else {}) for one in IDS]
    house(home, changed, audience=[*IDS[1:4], IDS[5]])
    assert waiting(home, ledger, [GOOGLE], AS_OF) == [GOOGLE.name]
    batch = export_destination(home, ledger, GOOGLE, AS_OF)
    assert asked == [{IDS[1], IDS[5]}]
    assert batch is not None
    assert (batch.count("add"), batch.count("remove")) == (2, 2)


def test_whoever_says_no_is_noticed_and_let_go(home: Settings, ledger: Ledger, asked: list[set[str]]) -> None:
    ledger.suppress([Suppression(IDS[0], "withdrawn", GOOGLE.purpose, GOOGLE.channel)], AS_OF)
    assert waiting(home, ledger, [GOOGLE], AS_OF) == [GOOGLE.name]
    export_destination(home, ledger, GOOGLE, AS_OF)
    assert asked == [{IDS[0]}, {IDS[0]}], "nobody else is looked at"
    assert removed(home, ledger) == [IDS[0]]


def test_a_list_that_leaves_somebody_out_is_found_out(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: with it, whoever says no would stay."""
    monkeypatch.setattr(ledger, "touched_since", lambda *_: set())
    ledger.suppress([Suppression(IDS[0], "withdrawn", GOOGLE.purpose, GOOGLE.channel)], AS_OF)
    assert waiting(home, ledger, [GOOGLE], AS_OF) == []
    export_destination(home, ledger, GOOGLE, AS_OF)
    assert removed(home, ledger) == []


def test_a_consent_that_ends_by_time_is_noticed(home: Settings, ledger: Ledger) -> None:
    rows = consents(*IDS)
    ends = pa.array([AS_OF.replace(tzinfo=None) + HOUR] * rows.num_rows, pa.timestamp("us"))
    ledger.sync_consents(rows.append_column("expires_at", ends), AS_OF)
    assert export_destination(home, ledger, GOOGLE, AS_OF) is None
    assert waiting(home, ledger, [GOOGLE], AS_OF + HOUR / 2) == []
    assert waiting(home, ledger, [GOOGLE], AS_OF + HOUR) == [GOOGLE.name]
    export_destination(home, ledger, GOOGLE, AS_OF + HOUR)
    assert removed(home, ledger) == IDS[:4]


def test_another_question_is_asked_about_everybody(home: Settings, ledger: Ledger, asked: list[set[str]]) -> None:
    other = replace(GOOGLE, purpose="profiling")
    assert waiting(home, ledger, [other], AS_OF) == [other.name]
    export_destination(home, ledger, other, AS_OF)
    assert set(IDS[:4]) in asked
    assert removed(home, ledger) == IDS[:4], "nobody allowed that"


def test_a_batch_not_taken_is_looked_at_again_only_after_a_change(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    house(home, map(point, IDS), audience=IDS)
    export_destination(home, ledger, GOOGLE, AS_OF)
    looked: list[str] = []
    look = ledger.blocked_in
    monkeypatch.setattr(ledger, "blocked_in", lambda batch_id, at: looked.append(batch_id) or look(batch_id, at))
    assert export_destination(home, ledger, GOOGLE, AS_OF) is None
    assert looked == []
    ledger.suppress([Suppression(IDS[5], "withdrawn", GOOGLE.purpose, GOOGLE.channel)], AS_OF)
    export_destination(home, ledger, GOOGLE, AS_OF)
    assert len(looked) == 1
    assert IDS[5] not in ledger.memberships(GOOGLE.name)["customer_id"].to_pylist(), "the batch was taken back"


def test_what_cannot_be_read_was_never_noted(home: Settings, ledger: Ledger) -> None:
    path = home.at_home.outbox / ".seen" / GOOGLE.name
    path.write_text("an earlier form")
    assert seen.read(home.at_home, GOOGLE.name) is None
    assert waiting(home, ledger, [GOOGLE], AS_OF) == [GOOGLE.name]
    assert export_destination(home, ledger, GOOGLE, AS_OF) is None
    assert waiting(home, ledger, [GOOGLE], AS_OF) == []


def test_whoever_changes_the_rows_of_a_form_says_so() -> None:
    """Nobody looks at customers who are as they were: a form that writes them otherwise must be a new question."""
    golden = sorted((Path(__file__).parents[1] / "domain" / "exports" / "golden").iterdir())
    content = b"".join(path.name.encode() + path.read_bytes() for path in golden)
    changed = "golden files differ: raise seen.ROWS if customers of an audience are told in other rows, and note both"
    assert (seen.ROWS, hashlib.sha256(content).hexdigest()[:16]) == (1, "654791ed22674a93"), changed
