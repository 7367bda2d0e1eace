"""Nights over which a care model's file changes: who is inside goes on in the new version where it says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.settings import Settings
from tests.adapters.living import Life, known
from tests.adapters.test_nights import BOUGHT, LETTER_THEN_CALL, read
from tests.domain.care_models.making import customers

SHORTER = LETTER_THEN_CALL.replace("after: 3d", "after: 2d").replace("id: answer", "id: reaction")


@pytest.fixture
def life(home: Settings) -> Iterator[Life]:
    with open_ledger("sqlite://") as ledger:
        yield Life(home.model_copy(update={"holdout_share": 0.0}), ledger, [read(LETTER_THEN_CALL)])


def waiting_for_an_answer(life: Life) -> None:
    """Bought on the 2nd, the letter made on the 3rd."""
    base = customers("a")
    for day in ("2026-03-02T23:59:59.999999", "2026-03-03T23:59:59.999999"):
        life.contact(life.night(day, known(base, BOUGHT)), day)
    assert stands(life, "2026-03-04T23:59:59.999999") == ("1", "answer")


def stands(life: Life, day: str) -> tuple[str, str]:
    """The version and step of the one who is inside."""
    found = life.night(day, known(customers("a"), BOUGHT))
    assert not found.faults
    assert [row["version"] for row in found.enrolments.to_pylist()] == found.standings["version"].to_pylist()
    ((version, step),) = [(row["version"], row["step"]) for row in found.standings.to_pylist()]
    return version, step


def test_who_stands_where_the_new_version_says_goes_on_in_it(life: Life) -> None:
    waiting_for_an_answer(life)
    life.models = [read(SHORTER + 'moves: {{"1": {{answer: reaction}}}}\n', version=2)]
    for _ in ("two days and more have passed since the letter", "the same night again"):
        assert stands(life, "2026-03-06T23:59:59.999999") == ("2", "call")
    told = [row["did"] for row in life.nights[-1].path.to_pylist()]
    assert told == ["entered", "next", "contacted", "moved:2", "no_reaction"]
    assert stands(life, "2026-03-07T23:59:59.999999") == ("2", "call")
    assert life.nights[-1].added.num_rows == 0, "nobody moves twice"


def test_without_being_told_nobody_moves(life: Life) -> None:
    waiting_for_an_answer(life)
    life.models = [read(SHORTER, version=2)]
    assert stands(life, "2026-03-05T23:59:59.999999") == ("1", "answer")


def test_a_step_the_older_version_never_had_is_told(life: Life) -> None:
    waiting_for_an_answer(life)
    life.models = [read(SHORTER + 'moves: {{"1": {{anwser: reaction}}}}\n', version=2)]
    found = life.night("2026-03-05T23:59:59.999999", known(customers("a"), BOUGHT))
    assert found.faults == {"tested": "moves: version 1 has no step 'anwser' to go on from"}


def test_a_file_put_back_moves_nobody(life: Life) -> None:
    waiting_for_an_answer(life)
    life.models = [read(SHORTER + 'moves: {{"1": {{answer: reaction}}}}\n', version=2)]
    life.ledger.keep_definition(life.models[0], life.nights[-1].enrolments["entered_at"][0].as_py())
    life.models = [read(LETTER_THEN_CALL)]
    assert stands(life, "2026-03-05T23:59:59.999999") == ("1", "answer")
