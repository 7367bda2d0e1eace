"""A question about very many customers has the answer that each of them would get."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.adapters.ledger import Ledger, audience_questions, open_ledger
from dagster_project.adapters.ledger.consents import blocked_of, questions_about
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.suppression import Suppression
from tests.adapters.ledger.plans import CONSENTS, NOON, aliases

IDS = [f"c{number}" for number in range(7)]
MERGED = st.dictionaries(st.sampled_from(IDS), st.sampled_from(IDS), max_size=3)
SAID = st.tuples(
    st.sampled_from(IDS),
    st.sampled_from(["marketing", "service"]),
    st.sampled_from(["ads", "email"]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from(["s-1", "s-2", None]),
    st.sampled_from([None, -1, 0, 1]),  # hours from now until it expires
)
SUPPRESSED = st.builds(
    Suppression,
    st.sampled_from(IDS),
    st.sampled_from(["deceased", "withdrawn"]),
    st.sampled_from(["*", "marketing", "service"]),
    st.sampled_from(["*", "ads", "email"]),
)


def _consents(said: list[tuple[Any, ...]]) -> pa.Table:
    rows = [
        dict(zip(CONSENTS.names, (*one[:5], naive_utc(NOON)), strict=True))
        | {"expires_at": None if one[5] is None else naive_utc(NOON + timedelta(hours=one[5]))}
        for one in said
    ]
    return pa.Table.from_pylist(rows, schema=CONSENTS.append(pa.field("expires_at", pa.timestamp("us"))))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(SAID, max_size=16),
    suppressed=st.lists(SUPPRESSED, max_size=3),
    held_out=st.lists(st.sampled_from(IDS), max_size=2),
    nights=st.lists(MERGED, max_size=3),
    asked=st.sets(st.sampled_from(IDS)),
)
def test_many_at_once_are_answered_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
    said: list[tuple[Any, ...]],
    suppressed: list[Suppression],
    held_out: list[str],
    nights: list[dict[str, str]],
    asked: set[str],
) -> None:
    with open_ledger("sqlite://") as ledger:
        ledger.sync_consents(_consents(said), NOON)
        ledger.suppress(suppressed, NOON)
        ledger.hold_out(held_out, NOON)
        for number, merged in enumerate(nights):  # a later night splits and merges anew
            everyone = {one: one for one in IDS} | merged
            ledger.follow_aliases(aliases(**everyone), NOON + timedelta(days=number))
        answers = []
        for few in (10_000, 0):
            monkeypatch.setattr(audience_questions, "FEW", few)
            answers.append(ledger.blocked_customers(asked, "marketing", "ads", NOON))
        with ledger.reading() as connection:
            each = blocked_of(connection, questions_about(asked, "marketing", "ads"), NOON)
        assert answers == [each, each]


def test_many_are_asked_about(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience_questions, "FEW", 0)
    ledger.sync_consents(_consents([(one, "marketing", "ads", True, "s", None) for one in IDS[:4]]), NOON)
    ledger.hold_out(IDS[:1], NOON)
    ledger.suppress([Suppression(IDS[1], "deceased")], NOON)
    ledger.follow_aliases(aliases(**{IDS[2]: IDS[1], IDS[4]: IDS[3]}), NOON)
    blocked = ledger.blocked_customers(IDS[:6], "marketing", "ads", NOON)
    assert blocked == {"c0": "held_out", "c1": "suppressed", "c2": "suppressed", "c5": "no_consent"}
