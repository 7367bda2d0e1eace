"""The engine against the small oracle: random models, random lives, late news, runs on any days."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.engine.advance import Asking, Told, advance, enter
from dagster_project.domain.care_models.engine.record import path
from dagster_project.domain.care_models.engine.schema import CONTACTS, HAPPENINGS, RESPONSES, STANDINGS, TRANSITIONS
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.steps import (
    ELSE,
    NEXT,
    TIMEOUT,
    Action,
    Arm,
    Branch,
    Exit,
    Happening,
    Part,
    Response,
    Split,
    Variant,
    Wait,
    WaitFor,
    laid_out,
)
from dagster_project.domain.clock import end_of_day, naive_utc
from tests.domain.care_models.oracle import Fact, Life, Made, path_of

ZONE = ZoneInfo("Europe/Helsinki")
START = date(2026, 3, 20)  # the clocks change on the 29th
DAYS = 30
RESPONSE_KINDS = ("opened", "clicked")


@dataclass(frozen=True)
class World:
    plan: Plan
    lives: dict[str, Life]


def random_parts(rng: random.Random, depth: int, made: list[str], counter: list[int]) -> list[Part]:
    parts = []
    for _ in range(rng.randint(1, 3)):
        counter[0] += 1
        step = f"s{counter[0]}"
        kind = rng.choice(["action", "action", "wait", "wait_for", "branch", "split", "exit"])
        if kind == "action":
            does: Any = Action(
                "email", (Variant("only", 1, "t", "s"),), max_age=Duration(days=rng.randint(1, 5)),
                lead_time=rng.choice([Duration(), Duration(hours=12), Duration(days=2)]),
            )  # fmt: skip
            parts.append(Part(step, does))
            made.append(step)
        elif kind == "wait":
            does = Wait(
                span=rng.choice([Duration(), Duration(hours=rng.randint(1, 60)), Duration(days=rng.randint(1, 4))]),
                weekdays=rng.choice([(), (), (0,), (2, 5)]),
                working_day=rng.random() < 0.3,
                at=rng.choice([None, time(9), time(3, 30), time(0)]),
                attribute=rng.choice([None, None, "birthday"]),
                offset_days=rng.choice([0, -2, 3]),
            )
            parts.append(Part(step, does))
        elif kind == "wait_for":
            awaited: list[Any] = [Happening("x", same_subject=rng.random() < 0.5)]
            for earlier in rng.sample(made, min(len(made), rng.randint(0, 2))):
                awaited.append(Response(earlier, rng.choice(RESPONSE_KINDS)))
            rng.shuffle(awaited)
            does = WaitFor(tuple(awaited), rng.choice([Duration(hours=30), Duration(days=3)]))
            arms = [Arm(f"came_{number}", arm(rng, depth, made, counter)) for number in range(len(awaited))]
            parts.append(Part(step, does, (*arms, Arm(TIMEOUT, arm(rng, depth, made, counter)))))
        elif kind == "branch":
            conditions = tuple(f"{step}/{number}" for number in range(rng.randint(1, 2)))
            arms = [Arm(f"if_{number}", arm(rng, depth, made, counter)) for number in range(len(conditions))]
            does = Branch(conditions, rng.random() < 0.5)  # type: ignore[arg-type]
            parts.append(Part(step, does, (*arms, Arm(ELSE, arm(rng, depth, made, counter)))))
        elif kind == "split":
            arms = [Arm(name, arm(rng, depth, made, counter)) for name in ("a", "b")]
            parts.append(Part(step, Split((0.5, 0.5)), tuple(arms)))
        elif rng.random() < 0.3 and depth:
            parts.append(Part(step, Exit("enough")))
            break
        else:
            parts.append(Part(step, Wait(Duration(days=1)), (Arm(NEXT),)))
    return parts


def arm(rng: random.Random, depth: int, made: list[str], counter: list[int]) -> tuple[Part, ...]:
    if depth >= 2 or rng.random() < 0.4:
        return ()
    # A step inside an arm may answer only to contacts before the arm or inside it.
    return tuple(random_parts(rng, depth + 1, list(made), counter))


def random_moment(rng: random.Random, days: int = DAYS) -> datetime:
    return datetime(2026, 3, 20, tzinfo=UTC) + timedelta(
        minutes=rng.randrange(days * 24 * 60), microseconds=rng.randrange(3)
    )


def random_facts(rng: random.Random, names: list[str], count: int) -> tuple[Fact, ...]:
    facts = []
    for _ in range(count):
        at = random_moment(rng)
        lag = rng.choice([timedelta(), timedelta(hours=rng.randrange(90))])
        facts.append(Fact(rng.choice(names), at, at + lag, rng.choice([None, "order-1", "order-2"])))
    return tuple(facts)


def make_world(seed: int, lives: int) -> World:
    rng = random.Random(seed)
    steps = laid_out(random_parts(rng, 0, [], [0]))
    plan = Plan(
        steps,
        goal_within=rng.choice([None, Duration(days=10), Duration(hours=50)]),
        has_exit=rng.random() < 0.4,
        leaves_when=rng.choice([None, None, "leaves_when"]),  # type: ignore[arg-type]
        salt="salt-for-tests",
    )
    events = [
        f"{step.step}/{number}"
        for step in steps
        if isinstance(step.does, WaitFor)
        for number, awaited in enumerate(step.does.awaited)
        if isinstance(awaited, Happening)
    ]
    actions = [step.step for step in steps if isinstance(step.does, Action)]
    answers = [f"{action}/{kind}" for action in actions for kind in RESPONSE_KINDS]
    heard = events + (["goal"] if plan.goal_within else []) + (["exit"] if plan.has_exit else [])
    made = {}
    for number in range(lives):
        enrolment_id = f"e{number:03d}"
        truth_seed = rng.random()

        def is_true(condition: Any, day: date, truth_seed: float = truth_seed) -> bool:
            return random.Random(f"{truth_seed}{condition}{day}").random() < (
                0.15 if condition == "leaves_when" else 0.5
            )

        def date_of(attribute: str, day: date, truth_seed: float = truth_seed) -> date | None:
            drawn = random.Random(f"{truth_seed}{attribute}")
            return None if drawn.random() < 0.2 else START + timedelta(days=drawn.randrange(DAYS))

        made[enrolment_id] = Life(
            enrolment_id,
            random_moment(rng, 8),
            rng.choice([None, "order-1"]),
            rng.random() < 0.2,
            random_facts(rng, heard, rng.randint(0, 4)) if heard else (),
            random_facts(rng, answers, rng.randint(0, 4)) if answers else (),
            (),
            is_true,
            date_of,
        )
    return World(plan, made)


def moments(values: list[datetime]) -> pa.Array:
    return pa.array([naive_utc(value) for value in values], pa.timestamp("us"))


def told_of(world: World, contacts: dict[str, list[Made]]) -> Told:
    rows = [(life, fact) for life in world.lives.values() for fact in life.happenings]
    happenings = pa.table(
        {
            "customer_id": pa.array([f"c-{life.enrolment_id}" for life, _ in rows], pa.string()),
            "name": pa.array([fact.name for _, fact in rows], pa.string()),
            "subject_id": pa.array([fact.subject_id for _, fact in rows], pa.string()),
            "occurred_at": moments([fact.occurred_at for _, fact in rows]),
            "known_at": moments([fact.known_at for _, fact in rows]),
        }
    ).cast(HAPPENINGS)
    rows = [(life, fact) for life in world.lives.values() for fact in life.responses]
    responses = pa.table(
        {
            "enrolment_id": pa.array([life.enrolment_id for life, _ in rows], pa.string()),
            "step": pa.array([fact.name.split("/")[0] for _, fact in rows], pa.string()),
            "response": pa.array([fact.name.split("/")[1] for _, fact in rows], pa.string()),
            "occurred_at": moments([fact.occurred_at for _, fact in rows]),
            "known_at": moments([fact.known_at for _, fact in rows]),
        }
    ).cast(RESPONSES)
    made = [(enrolment_id, one) for enrolment_id, ones in contacts.items() for one in ones]
    table = pa.table(
        {
            "enrolment_id": pa.array([enrolment_id for enrolment_id, _ in made], pa.string()),
            "step": pa.array([one.step for _, one in made], pa.string()),
            "decided_as_of": moments([one.decided_as_of for _, one in made]),
            "planned_for": moments([one.planned_for for _, one in made]),
        }
    ).cast(CONTACTS)
    return Told(happenings, responses, table)


def asking_of(world: World, record: list[pa.Table]) -> Asking:
    def pairs(asked: pa.Table) -> list[tuple[Life, date]]:
        ids = [one.removeprefix("c-") for one in asked["customer_id"].to_pylist()]
        days = [at.replace(tzinfo=UTC).astimezone(ZONE).date() for at in asked["as_of"].to_pylist()]
        return [(world.lives[one], day) for one, day in zip(ids, days, strict=True)]

    def conditions(asked: Any, rows: pa.Table) -> dict[str, pa.BooleanArray]:
        return {
            name: pa.array([life.is_true(condition, day) for life, day in pairs(rows)], pa.bool_())
            for name, condition in asked.items()
        }

    def dates(attribute: str, rows: pa.Table) -> pa.Array:
        return pa.array([life.date_of(attribute, day) for life, day in pairs(rows)], pa.date32())

    def recorded(ids: pa.Array) -> pa.Table:
        import pyarrow.compute as pc

        whole = path(pa.concat_tables([TRANSITIONS.empty_table(), *record]))
        return whole.filter(pc.is_in(whole["enrolment_id"], value_set=ids))

    return Asking(conditions, dates, recorded)


def entries_of(world: World) -> pa.Table:
    lives = list(world.lives.values())
    return pa.table(
        {
            "enrolment_id": pa.array([life.enrolment_id for life in lives], pa.string()),
            "customer_id": pa.array([f"c-{life.enrolment_id}" for life in lives], pa.string()),
            "care_model": pa.array(["model"] * len(lives), pa.string()),
            "version": pa.array(["1"] * len(lives), pa.string()),
            "subject_id": pa.array([life.subject_id for life in lives], pa.string()),
            "is_withheld": pa.array([life.is_withheld for life in lives], pa.bool_()),
            "entered_at": moments([life.entered_at for life in lives]),
        }
    )


def waiting_for_a_contact(
    world: World, standings: pa.Table, contacts: dict[str, list[Made]], as_of: datetime
) -> list[tuple[str, str]]:
    actions = {step.step for step in world.plan.steps if isinstance(step.does, Action)}
    return [
        (row["enrolment_id"], row["step"])
        for row in standings.to_pylist()
        if row["step"] in actions
        and row["arrived_at"] <= naive_utc(as_of)
        and not row["is_withheld"]
        and row["step"] not in {one.step for one in contacts[row["enrolment_id"]]}
    ]


def told_paths(record: pa.Table) -> dict[str, list[tuple[str | None, str, datetime]]]:
    paths: dict[str, list[tuple[str | None, str, datetime]]] = {}
    for row in record.to_pylist():
        at = row["occurred_at"].replace(tzinfo=UTC)
        paths.setdefault(row["enrolment_id"], []).append((row["step"], row["did"], at))
    return paths


def play(seed: int, lives: int = 12) -> None:
    """Live through a month with runs on random days, then hold the record against the oracle and one catch-up run."""
    world = make_world(seed, lives)
    rng = random.Random(seed + 1)
    contacts: dict[str, list[Made]] = {one: [] for one in world.lives}
    leads = {step.step: step.does.lead_time for step in world.plan.steps if isinstance(step.does, Action)}
    record: list[pa.Table] = []
    asking = asking_of(world, record)
    standings, since = STANDINGS.empty_table(), None
    entered: set[str] = set()
    for day in sorted(rng.sample(range(DAYS), rng.randint(3, DAYS))):
        as_of = end_of_day(START + timedelta(days=day), ZONE)
        new = {one for one, life in world.lives.items() if life.entered_at <= as_of} - entered
        entered |= new
        entries = entries_of(world)
        entries = entries.filter(pa.array([one in new for one in entries["enrolment_id"].to_pylist()], pa.bool_()))
        begun = enter(world.plan, entries, as_of)
        record.append(begun.transitions)
        standings = pa.concat_tables([standings, begun.standings])
        told = told_of(world, contacts)
        done = advance(world.plan, standings, told, as_of, since, ZONE, asking)
        record.append(done.transitions)
        standings, since = done.standings, as_of
        again = advance(world.plan, standings, told, as_of, since, ZONE, asking)
        assert again.transitions.num_rows == 0, "the same moment again"
        assert again.standings.equals(standings)
        for enrolment_id, step in waiting_for_a_contact(world, standings, contacts, as_of):
            life = world.lives[enrolment_id]
            ended = [f for f in life.happenings if f.known_at <= as_of and life.entered_at < f.occurred_at <= as_of]
            if world.plan.has_exit:
                assert not [fact for fact in ended if fact.name == "exit"], "no send after an exit that is known"
            if rng.random() < 0.6:
                planned = leads[step].after(as_of, ZONE)
                contacts[enrolment_id].append(Made(step, as_of, planned))
    assert since is not None
    told = told_of(world, contacts)
    done = advance(world.plan, standings, told, since, since, ZONE, asking)
    record.append(done.transitions)
    found = told_paths(path(pa.concat_tables(record)))
    expected = {
        one: path_of(world.plan.steps, world.plan.goal_within, world.plan.leaves_when,
                     Life(**{**life.__dict__, "contacts": tuple(contacts[one])}), since, ZONE, "salt-for-tests")
        for one, life in world.lives.items()
        if one in entered
    }  # fmt: skip
    assert found == expected
    for one in found:
        steps = [step for step, what, _ in found[one] if what == "contacted"]
        assert len(steps) == len(set(steps)), "no step twice"
    begun = enter(world.plan, entries_of(world).filter(pa.array([one in entered for one in world.lives])), since)
    at_once = advance(world.plan, begun.standings, told, since, None, ZONE, asking)
    assert told_paths(path(pa.concat_tables([begun.transitions, at_once.transitions]))) == expected, "one catch-up run"
    order = np.argsort(done.standings["enrolment_id"].to_numpy(zero_copy_only=False).astype(str))
    left = ["count_transitions", "anchor_transitions"]
    assert at_once.standings.drop_columns(left).equals(done.standings.take(pa.array(order)).drop_columns(left))


@pytest.mark.parametrize("seed", range(60))
def test_the_engine_and_the_oracle_tell_the_same(seed: int) -> None:
    play(seed)
