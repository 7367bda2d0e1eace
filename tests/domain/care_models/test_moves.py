"""A new version of a care model: each rule of moving where it acts and where it holds back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.engine.advance import advance, enter
from dagster_project.domain.care_models.engine.facts import Facts
from dagster_project.domain.care_models.engine.moves import may_move, move
from dagster_project.domain.care_models.engine.record import path
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.steps import Action, Part, Wait, laid_out
from tests.domain.care_models.oracle import Life, Made
from tests.domain.care_models.playing import Played, asking_of, told_paths
from tests.domain.care_models.worlds import CONTENT, SALT, ZONE, entries_of, told_of

NOON = datetime(2026, 5, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LETTER, CALL = Part("letter", Action("email", CONTENT)), Part("call", Action("phone", CONTENT))


def pause(step: str, days: int) -> Part:
    return Part(step, Wait(Duration(days=days)))


def plan(*parts: Part) -> Plan:
    return Plan(laid_out(parts), None, False, None, SALT)


OLD = plan(LETTER, pause("week", 7), CALL)


def moved(
    new: Plan, step_map: Mapping[str, str], contacts: Sequence[Made] = (), after: int = 3, until: int = 3
) -> list[tuple[str | None, str, int]]:
    """What one enrolment did that was to move some days after its entry, by another day: step, what, on which day."""
    life = Life("e1", NOON, None, False, (), (), tuple(contacts), lambda condition, day: False, lambda name, day: None)
    lives, made = {"e1": life}, {"e1": list(contacts)}
    played = Played(made)
    told, asking, then = told_of(lives, made), asking_of(lives, played), NOON + after * DAY
    begun = enter(OLD, entries_of(lives), NOON)
    done = advance(OLD, begun.standings, told, then, None, ZONE, asking)
    of_old = told_of({}, {"e1": [one for one in contacts if one.version == "1"]}).contacts
    goes = may_move(OLD, done.standings, of_old, step_map)
    gone = move(new, done.standings.filter(goes), done.transitions, step_map, "2", then)
    went_on = advance(new, gone.standings, told, NOON + until * DAY, None, ZONE, asking)
    record = path(pa.concat_tables([begun.transitions, gone.transitions, went_on.transitions]))
    return [(step, what, (at - NOON).days) for step, what, at in told_paths(record)["e1"]]


CONTACTED = Made("letter", NOON, NOON)


def test_a_pause_in_the_new_version_counts_from_the_arrival_in_the_old_one() -> None:
    shorter = plan(LETTER, pause("days", 5), CALL)
    told = moved(shorter, {"week": "days"}, [CONTACTED], until=6)
    assert told == [(None, "entered", 0), ("letter", "contacted", 0), ("days", "moved:2", 0), ("days", "next", 5)]


def test_who_stands_at_a_step_that_is_not_named_finishes_on_the_old_version() -> None:
    told = moved(plan(LETTER, pause("days", 5)), {"call": "days"}, [CONTACTED], until=20)
    assert told == [(None, "entered", 0), ("letter", "contacted", 0)]


def test_a_step_taken_out_does_nothing_to_those_beyond_it() -> None:
    told = moved(plan(pause("week", 7), CALL), {"week": "week", "call": "call"}, [CONTACTED], until=7)
    assert told[-2:] == [("week", "moved:2", 0), ("week", "next", 7)]


def test_a_contact_made_on_the_old_version_is_not_made_again_on_the_new_one() -> None:
    turned_round = plan(pause("week", 7), LETTER, CALL)
    told = moved(turned_round, {"week": "week"}, [CONTACTED], until=8)
    assert told[-2:] == [("week", "next", 7), ("letter", "done_before", 7)]


def test_a_new_step_of_another_name_is_done() -> None:
    turned_round = plan(pause("week", 7), Part("second", Action("email", CONTENT)), CALL)
    decided = Made("second", NOON + 7 * DAY, NOON + 8 * DAY, "2")
    told = moved(turned_round, {"week": "week"}, [CONTACTED, decided], until=8)
    assert told[-1] == ("second", "contacted", 8)


def test_who_has_a_contact_decided_moves_only_after_it() -> None:
    planned = Made("call", NOON + 2 * DAY, NOON + 9 * DAY)
    assert "moved:2" not in [
        what for _, what, _ in moved(plan(pause("days", 9)), {"week": "days"}, [CONTACTED, planned])
    ]
    assert "moved:2" in [what for _, what, _ in moved(plan(pause("days", 9)), {"week": "days"}, [CONTACTED])]


def test_nobody_who_has_ended_moves() -> None:
    told = moved(plan(LETTER), {"letter": "letter", "call": "letter", "week": "letter"}, after=40, until=60)
    assert told[-1][1] == "completed"
    assert "moved:2" not in [what for _, what, _ in told]


def test_a_step_to_go_on_at_must_be_there() -> None:
    with pytest.raises(ValueError, match="there is no step 'days' in version 2"):
        moved(plan(LETTER), {"week": "days"})


def test_an_engine_that_forgets_what_was_done_before_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Facts.contact_at

    def forgetful(self: Facts, rows, step):  # type: ignore[no-untyped-def]
        self.contacts.is_before[:] = False
        return sound(self, rows, step)

    monkeypatch.setattr(Facts, "contact_at", forgetful)
    with pytest.raises(AssertionError):
        test_a_contact_made_on_the_old_version_is_not_made_again_on_the_new_one()
