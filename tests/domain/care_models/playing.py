"""Runs of the engine over a random world, day by day, each held against the oracle."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.engine.advance import Asking, advance, enter
from dagster_project.domain.care_models.engine.fold import standings_of
from dagster_project.domain.care_models.engine.record import path
from dagster_project.domain.care_models.engine.schema import STANDINGS, TRANSITIONS
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.moments import microseconds
from dagster_project.domain.care_models.steps import Action, Wait
from dagster_project.domain.clock import naive_utc
from tests.domain.care_models.oracle import Life, Made, Path, path_of
from tests.domain.care_models.worlds import ZONE, World, actions_of, entries_of, told_of

AHEAD = timedelta(days=1)  # what comes due so soon may be decided now


@dataclass
class Played:
    """What has been recorded so far, where everyone stands, and the contacts that were decided."""

    contacts: dict[str, list[Made]]
    record: list[pa.Table] = field(default_factory=list)
    standings: pa.Table = field(default_factory=STANDINGS.empty_table)
    since: datetime | None = None
    told: dict[datetime, dict[str, Path]] = field(default_factory=dict)  # what each run had found by its end

    def whole(self) -> pa.Table:
        """The record."""
        return pa.concat_tables([TRANSITIONS.empty_table(), *self.record])


def asking_of(lives: Mapping[str, Life], played: Played) -> Asking:
    """Answers out of the lives."""

    def pairs(asked: pa.Table) -> list[tuple[Life, date]]:
        ids = [one.removeprefix("c-") for one in asked["customer_id"].to_pylist()]
        days = [at.replace(tzinfo=UTC).astimezone(ZONE).date() for at in asked["as_of"].to_pylist()]
        return [(lives[one], day) for one, day in zip(ids, days, strict=True)]

    def conditions(asked: Mapping[str, Any], rows: pa.Table) -> dict[str, pa.BooleanArray]:
        whom = pairs(rows)
        return {
            name: pa.array([life.is_true(condition, day) for life, day in whom], pa.bool_())
            for name, condition in asked.items()
        }

    def dates(attribute: str, rows: pa.Table) -> pa.Array:
        return pa.array([life.date_of(attribute, day) for life, day in pairs(rows)], pa.date32())

    def recorded(ids: pa.Array) -> pa.Table:
        whole = path(played.whole())
        return whole.filter(pc.is_in(whole["enrolment_id"], value_set=ids))

    return Asking(conditions, dates, recorded)


def play(world: World) -> None:
    """Live through all runs; then one catch-up run over the same facts must tell the same, and so must every rule."""
    played = Played({one: [] for one in world.lives})
    for as_of in world.runs:
        run(world, played, as_of)
        decide(world, played, as_of)
    last = world.runs[-1]
    run(world, played, last)  # once more: contacts decided in the last run become part of the path
    nothing_forbidden(world, played, played.told[last])
    caught_up(world, played, last)
    for moment in world.runs[:-1]:
        known = told_paths(path(played.whole(), microseconds(moment)))
        assert known == played.told[moment], "every past moment can be read as it was known then"


def run(world: World, played: Played, as_of: datetime) -> None:
    """One run: who came by now enters, all move on; the path of each is the oracle's."""
    inside = set(played.standings["enrolment_id"].to_pylist())
    new = {one: life for one, life in world.lives.items() if life.entered_at <= as_of and one not in inside}
    begun = enter(world.plan, entries_of(new), as_of)
    played.record.append(begun.transitions)
    played.standings = pa.concat_tables([played.standings, begun.standings])
    told, asking = told_of(world.lives, played.contacts), asking_of(world.lives, played)
    done = advance(world.plan, played.standings, told, as_of, played.since, ZONE, asking)
    played.record.append(done.transitions)
    played.standings, played.since = done.standings, as_of
    found = told_paths(path(played.whole()))
    assert found == expected(world, played, as_of)
    played.told[as_of] = found
    again = advance(world.plan, played.standings, told, as_of, as_of, ZONE, asking)
    assert again.transitions.num_rows == 0, "the same moment again finds nothing new"
    assert again.standings.equals(played.standings)
    folded = standings_of(world.plan, entries_of(world.lives), path(played.whole()))
    folded = folded.filter(
        pc.is_in(folded["enrolment_id"], value_set=played.standings["enrolment_id"].combine_chunks())
    )
    assert rows_of(folded) == rows_of(played.standings), "where everyone stands is a fold of the record"


def expected(world: World, played: Played, as_of: datetime) -> dict[str, Path]:
    """What the oracle says of everyone who entered by now."""
    return {
        one: path_of(world.plan, replace(life, contacts=tuple(played.contacts[one])), as_of, ZONE)
        for one, life in world.lives.items()
        if life.entered_at <= as_of
    }


def decide(world: World, played: Played, as_of: datetime, plan: Plan | None = None, version: str = "1") -> None:
    """Choose some of the contacts that are due, or come due before the next run, of those on a version."""
    plan = plan or world.plan
    steps = {step.step: step for step in plan.steps}
    actions = actions_of(plan.steps)
    for row in played.standings.filter(pc.equal(played.standings["version"], version)).to_pylist():
        if row["step"] is None or row["is_withheld"]:
            continue
        step, due = steps[row["step"]], row["due_at"].replace(tzinfo=UTC)
        soonest = as_of
        if isinstance(step.does, Wait) and as_of < due <= as_of + AHEAD and step.outcomes[0].to >= 0:
            step, soonest = plan.steps[step.outcomes[0].to], due
        life, made = world.lives[row["enrolment_id"]], played.contacts[row["enrolment_id"]]
        drawn = random.Random(f"{world.luck}{row['enrolment_id']}{as_of}").random()
        is_there = soonest > as_of or row["arrived_at"] <= naive_utc(as_of)
        if not isinstance(step.does, Action) or not is_there or step.step in {one.step for one in made} or drawn > 0.6:
            continue
        over = [
            fact for fact in life.happenings if fact.known_at <= as_of and life.entered_at < fact.occurred_at <= as_of
        ]
        if plan.has_exit:
            assert not [fact for fact in over if fact.name == "exit"], "nothing is sent after an exit that is known"
        if plan.goal_within is not None and not plan.goal_is_about_same:
            until = plan.goal_within.after(life.entered_at, ZONE)
            reached = [fact for fact in over if fact.name == "goal" and fact.occurred_at <= until]
            assert not reached, "nothing is sent after a goal that is known"
        made.append(Made(step.step, as_of, max(actions[step.step].lead_time.after(as_of, ZONE), soonest), version))


def nothing_forbidden(world: World, played: Played, found: Mapping[str, Path]) -> None:
    """Rules that hold whatever the oracle says."""
    for one, told in found.items():
        contacted = [step for step, what, _ in told if what == "contacted"]
        assert len(contacted) == len(set(contacted)), "no step twice"
        assert set(contacted) <= {made.step for made in played.contacts[one]}, "no contact that nobody decided"
        assert not (world.lives[one].is_withheld and contacted), "nobody who is withheld is contacted"
        moments = [at for _, _, at in told]
        assert moments == sorted(moments), "a path goes forward"
    overdue = [
        row for row in played.standings.to_pylist()
        if row["due_at"] is not None and row["due_at"] <= naive_utc(world.runs[-1])
    ]  # fmt: skip
    assert not overdue, "no timeout is missed"


def caught_up(world: World, played: Played, as_of: datetime) -> None:
    """Everyone who entered, and one run over all their time at once."""
    came = {one: life for one, life in world.lives.items() if life.entered_at <= as_of}
    begun = enter(world.plan, entries_of(came), as_of)
    told, asking = told_of(world.lives, played.contacts), asking_of(world.lives, played)
    done = advance(world.plan, begun.standings, told, as_of, None, ZONE, asking)
    record = path(pa.concat_tables([begun.transitions, done.transitions]))
    assert told_paths(record) == played.told[as_of], "one catch-up run tells the same as all runs"
    assert rows_of(done.standings, but=()) == rows_of(played.standings, but=())


def told_paths(record: pa.Table) -> dict[str, Path]:
    """The paths in a record, as the oracle writes them."""
    found: dict[str, Path] = {}
    for row in record.to_pylist():
        at = row["occurred_at"].replace(tzinfo=UTC)
        found.setdefault(row["enrolment_id"], []).append((row["step"], row["did"], at))
    return found


def rows_of(standings: pa.Table, but: tuple[str, ...] = ("due_at",)) -> list[dict[str, Any]]:
    """Standings by enrolment; when something is next due is no part of the record."""
    return sorted(standings.drop_columns(list(but)).to_pylist(), key=lambda row: str(row["enrolment_id"]))
