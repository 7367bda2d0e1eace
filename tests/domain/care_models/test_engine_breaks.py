"""The random test can fail: an engine broken in one way each is told from a sound one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from dagster_project.domain.care_models.engine import advance as advancing
from dagster_project.domain.care_models.engine import walk as walking
from dagster_project.domain.care_models.engine.facts import Facts
from dagster_project.domain.care_models.moments import NEVER
from dagster_project.domain.care_models.steps import Action, WaitFor
from tests.domain.care_models.playing import play
from tests.domain.care_models.test_engine_random import COMMON
from tests.domain.care_models.worlds import World, worlds

ENOUGH = 400  # worlds, at most; most breaks show within the first fifty


def never(names: tuple[str, ...]) -> Callable[..., Any]:
    """An engine that does not listen to some events."""
    sound = Facts.first_happening

    def deaf(self: Facts, rows: Any, name: str, *rest: Any) -> Any:
        return np.full(len(rows), NEVER) if name in names else sound(self, rows, name, *rest)

    return deaf


def without_timeouts() -> Callable[..., Any]:
    sound = walking._Walk._ways

    def patient(self: Any, here: Any, step: Any) -> Any:
        ways, moments, due = sound(self, here, step)
        is_over = isinstance(step.does, WaitFor) & (ways == len(step.outcomes) - 1)
        return np.where(is_over, walking.STAYS, ways), moments, due

    return patient


def never_dropping() -> Callable[..., Any]:
    sound = walking._Walk._ways

    def eager(self: Any, here: Any, step: Any) -> Any:
        ways, moments, due = sound(self, here, step)
        is_late = isinstance(step.does, Action) & ~self.walkers.withheld[here]
        return np.where(is_late, walking.STAYS, ways), moments, due

    return eager


def never_leaving() -> Callable[..., Any]:
    sound = walking._Walk._stops

    def stubborn(self: Any, here: Any, step: Any) -> Any:
        plan, self.plan = self.plan, walking.Plan(**{**self.plan.__dict__, "leaves_when": None})
        stops = sound(self, here, step)
        self.plan = plan
        return stops

    return stubborn


def not_hearing_late_news(*given: Any) -> Any:
    rows, late = HEARING(*given)
    return rows, np.zeros_like(late)


HEARING = advancing._touched
BREAKS: dict[str, tuple[Any, str, Any]] = {
    "the goal is not looked at": (Facts, "first_happening", never(("goal",))),
    "exits are not looked at": (Facts, "first_happening", never(("exit", "exit_of_same"))),
    "the state that ends it is not asked": (walking._Walk, "_stops", never_leaving()),
    "a timeout is missed": (walking._Walk, "_ways", without_timeouts()),
    "what is too old is kept": (walking._Walk, "_ways", never_dropping()),
    "a contact is forgotten, and its step done twice": (
        Facts, "contact_at", lambda self, rows, step: np.full(len(rows), -1),
    ),
    "news that comes late is not heard": (advancing, "_touched", not_hearing_late_news),
    "choices before a contact are made with what came later": (
        Facts, "known_by", lambda self, rows, as_of: np.full(len(rows), as_of),
    ),
    "a contact decided ahead is given up": (
        walking._Walk, "comes_next", lambda self: np.full(len(self.walkers.place), walking.NOWHERE),
    ),
    "what was recorded is not compared": (advancing, "only_what_is_new", lambda plan, found, *rest: found),
}  # fmt: skip


SLOW = ("choices before a contact are made with what came later",)  # shows in one world of a hundred


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in BREAKS])
def test_a_broken_engine_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*BREAKS[name])

    @settings(max_examples=ENOUGH, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False, **COMMON)
    @given(worlds())
    def played(world: World) -> None:
        play(world)

    with pytest.raises(AssertionError):
        played()
