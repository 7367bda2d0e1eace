"""Random care models and random lives of enrolments, drawn by hypothesis, and the engine's tables made of them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import strategies as st

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.engine.advance import Told
from dagster_project.domain.care_models.engine.schema import CONTACTS, HAPPENINGS, RESPONSES
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.steps import (
    ELSE,
    TIMEOUT,
    Action,
    Arm,
    Branch,
    Exit,
    Happening,
    Part,
    Response,
    Split,
    Step,
    Variant,
    Wait,
    WaitFor,
    laid_out,
)
from dagster_project.domain.clock import naive_utc
from tests.domain.care_models.oracle import Fact, Life, Made

ZONE = ZoneInfo("Europe/Helsinki")
DAYS = 30
# Months with a clock change (29 March, 25 October), a leap day, and the holidays around the new year.
STARTS = (date(2026, 3, 20), date(2026, 10, 15), date(2028, 2, 20), date(2026, 12, 18))
SALT = "salt-for-tests"
KINDS = ("opened", "clicked")
SUBJECTS = (None, "order-1", "order-2")
CONTENT = (Variant("only", 1, "hello", "Hello"),)

Draw = Any  # of a composite strategy


@dataclass(frozen=True)
class World:
    """A version of a care model, everyone in it, and the days on which runs are made.

    ``luck`` decides which of the contacts that are due are chosen on a day.
    """

    plan: Plan
    lives: Mapping[str, Life]
    runs: tuple[datetime, ...]
    luck: int


SPANS = st.one_of(
    st.integers(1, 60).map(lambda hours: Duration(hours=hours)), st.integers(0, 4).map(lambda days: Duration(days=days))
)
ACTIONS = st.builds(
    lambda age, lead: Action("email", CONTENT, max_age=Duration(days=age), lead_time=lead),
    st.integers(1, 5),
    st.sampled_from([Duration(), Duration(hours=12), Duration(days=2)]),
)
WAITS = st.builds(
    Wait,
    span=SPANS,
    weekdays=st.sampled_from([(), (), (0,), (2, 5)]),
    working_day=st.booleans(),
    at=st.sampled_from([None, time(9), time(3, 30), time(0)]),
    attribute=st.sampled_from([None, None, "birthday"]),
    offset_days=st.sampled_from([0, -2, 3]),
)


@st.composite
def parts(draw: Draw, prefix: str, made: tuple[str, ...], depth: int) -> tuple[Part, ...]:
    """A few steps after each other, some with steps inside; a wait hears only contacts made before it."""
    found: list[Part] = []
    for number in range(draw(st.integers(1, 3 if depth else 4))):
        step = f"{prefix}{number}"
        kind = draw(st.sampled_from(["action", "action", "wait", "wait_for", "branch", "split", "exit"]))
        if kind == "action":
            found.append(Part(step, draw(ACTIONS)))
            made = (*made, step)
        elif kind == "wait" or (kind == "exit" and not depth):
            found.append(Part(step, draw(WAITS)))
        elif kind == "exit":
            found.append(Part(step, Exit("enough"), ()))
            return tuple(found)
        else:
            does, names = draw(choices(kind, step, made))
            arms = tuple(Arm(name, draw(arm(f"{step}{name[-1]}", made, depth))) for name in names)
            found.append(Part(step, does, arms))
    return tuple(found)


@st.composite
def choices(draw: Draw, kind: str, step: str, made: tuple[str, ...]) -> tuple[Any, list[str]]:
    """A step with several ways out, and their names."""
    if kind == "branch":
        conditions = tuple(f"{step}/{number}" for number in range(draw(st.integers(1, 2))))
        return Branch(conditions, draw(st.booleans())), [f"if_{n}" for n in range(len(conditions))] + [ELSE]  # type: ignore[arg-type]
    if kind == "split":
        return Split(draw(st.sampled_from([(0.5, 0.5), (9.0, 1.0)]))), ["way_a", "way_b"]
    awaited: list[Any] = [Happening("x", same_subject=draw(st.booleans()))]
    if made:
        answered = st.builds(Response, st.sampled_from(made), st.sampled_from(KINDS))
        awaited = draw(st.permutations(awaited + draw(st.lists(answered, max_size=2, unique=True))))
    timeout = draw(st.sampled_from([Duration(hours=30), Duration(days=3)]))
    return WaitFor(tuple(awaited), timeout), [f"came_{number}" for number in range(len(awaited))] + [TIMEOUT]


def arm(prefix: str, made: tuple[str, ...], depth: int) -> st.SearchStrategy[tuple[Part, ...]]:
    """What follows one outcome: nothing, or steps of its own."""
    return st.just(()) if depth >= 2 else st.one_of(st.just(()), parts(prefix, made, depth + 1))


@st.composite
def plans(draw: Draw, inner: st.SearchStrategy[tuple[Part, ...]] | None = None) -> Plan:
    """A version of a care model; goal, exits and the state that ends it are there or not."""
    return Plan(
        laid_out(draw(parts("s", (), 0) if inner is None else inner)),
        goal_within=draw(st.sampled_from([None, Duration(days=10), Duration(hours=50)])),
        has_exit=draw(st.booleans()),
        leaves_when=draw(st.sampled_from([None, None, "leaves_when"])),  # type: ignore[arg-type]
        salt=SALT,
        goal_is_about_same=draw(st.booleans()),
    )


def heard_by(plan: Plan) -> list[str]:
    """The names of the events a version listens to."""
    heard = ["goal"] if plan.goal_within else []
    heard += ["exit", "exit_of_same"] if plan.has_exit else []
    return heard + [
        f"{step.step}/{number}"
        for step in plan.steps
        if isinstance(step.does, WaitFor)
        for number, awaited in enumerate(step.does.awaited)
        if isinstance(awaited, Happening)
    ]


def actions_of(steps: Sequence[Step]) -> dict[str, Action]:
    """The actions among the steps."""
    return {step.step: step.does for step in steps if isinstance(step.does, Action)}


@st.composite
def facts(draw: Draw, start: date, names: Sequence[str]) -> tuple[Fact, ...]:
    """A few things that happened, some of them heard of days later."""
    found = []
    for _ in range(draw(st.integers(0, 6)) if names else 0):
        at = draw(moments(start))
        lag = draw(st.sampled_from([0, 0, 13, 30, 90, 200]))
        found.append(
            Fact(
                draw(st.sampled_from(names)), at, at + timedelta(hours=lag), draw(st.sampled_from(SUBJECTS))
            )
        )  # fmt: skip
    return tuple(found)


def moments(start: date, days: int = DAYS) -> st.SearchStrategy[datetime]:
    """Any minute of some days."""
    first = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return st.integers(0, days * 24 * 60).map(lambda minutes: first + timedelta(minutes=minutes))


@st.composite
def lives(draw: Draw, enrolment_id: str, start: date, heard: Sequence[str], answers: Sequence[str]) -> Life:
    """One enrolment and what happens to it."""
    seed = draw(st.integers(0, 2**16))

    def is_true(condition: Any, day: date) -> bool:
        return random.Random(f"{seed}{condition}{day}").random() < (0.15 if condition == "leaves_when" else 0.5)

    def date_of(attribute: str, day: date) -> date | None:
        drawn = random.Random(f"{seed}{attribute}")
        return None if drawn.random() < 0.2 else start + timedelta(days=drawn.randrange(DAYS))

    return Life(
        enrolment_id,
        entered_at=draw(moments(start, 8)),
        subject_id=draw(st.sampled_from([None, "order-1"])),
        is_withheld=draw(st.integers(0, 4)) == 4,
        happenings=draw(facts(start, heard)),
        responses=draw(facts(start, answers)),
        contacts=(),
        is_true=is_true,
        date_of=date_of,
    )


@st.composite
def worlds(draw: Draw) -> World:
    """A version of a care model, its customers, and the moments of runs, some of them twice a day."""
    plan, start = draw(plans()), draw(st.sampled_from(STARTS))
    heard, answers = heard_by(plan), [f"{one}/{kind}" for one in actions_of(plan.steps) for kind in KINDS]
    everyone = {f"e{number}": draw(lives(f"e{number}", start, heard, answers)) for number in range(3)}
    count, runs = draw(st.integers(3, 14)), [draw(moments(start, 9))]
    for _ in range(count):
        runs.append(runs[-1] + timedelta(hours=draw(st.integers(6, 96))))
    return World(plan, everyone, tuple(runs), draw(st.integers(0, 2**16)))


def column(values: Sequence[datetime]) -> pa.Array:
    """Moments as a column."""
    return pa.array([naive_utc(value) for value in values], pa.timestamp("us"))


def told_of(lived: Mapping[str, Life], contacts: Mapping[str, Sequence[Made]]) -> Told:
    """Everything that happened, as the engine takes it; it leaves aside what was not known by its moment."""
    rows = [(life, fact) for life in lived.values() for fact in life.happenings]
    happenings = pa.table(
        {
            "customer_id": pa.array([f"c-{life.enrolment_id}" for life, _ in rows], pa.string()),
            "name": pa.array([fact.name for _, fact in rows], pa.string()),
            "subject_id": pa.array([fact.subject_id for _, fact in rows], pa.string()),
            "occurred_at": column([fact.occurred_at for _, fact in rows]),
            "known_at": column([fact.known_at for _, fact in rows]),
        }
    )
    rows = [(life, fact) for life in lived.values() for fact in life.responses]
    responses = pa.table(
        {
            "enrolment_id": pa.array([life.enrolment_id for life, _ in rows], pa.string()),
            "step": pa.array([fact.name.split("/")[0] for _, fact in rows], pa.string()),
            "response": pa.array([fact.name.split("/")[1] for _, fact in rows], pa.string()),
            "occurred_at": column([fact.occurred_at for _, fact in rows]),
            "known_at": column([fact.known_at for _, fact in rows]),
        }
    )
    made = [(enrolment_id, one) for enrolment_id, ones in contacts.items() for one in ones]
    chosen = pa.table(
        {
            "enrolment_id": pa.array([enrolment_id for enrolment_id, _ in made], pa.string()),
            "step": pa.array([one.step for _, one in made], pa.string()),
            "decided_as_of": column([one.decided_as_of for _, one in made]),
            "planned_for": column([one.planned_for for _, one in made]),
        }
    )
    return Told(happenings.cast(HAPPENINGS), responses.cast(RESPONSES), chosen.cast(CONTACTS))


def entries_of(lived: Mapping[str, Life]) -> pa.Table:
    """Enrolments at their doors."""
    everyone = list(lived.values())
    return pa.table(
        {
            "enrolment_id": pa.array([life.enrolment_id for life in everyone], pa.string()),
            "customer_id": pa.array([f"c-{life.enrolment_id}" for life in everyone], pa.string()),
            "care_model": pa.array(["model"] * len(everyone), pa.string()),
            "version": pa.array(["1"] * len(everyone), pa.string()),
            "subject_id": pa.array([life.subject_id for life in everyone], pa.string()),
            "is_withheld": pa.array([life.is_withheld for life in everyone], pa.bool_()),
            "entered_at": column([life.entered_at for life in everyone]),
        }
    )
