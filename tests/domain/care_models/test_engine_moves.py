"""Versions: who moves to a new one and where, and that nothing is done twice or to anybody who was not meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.care_models.engine.advance import advance, enter
from dagster_project.domain.care_models.engine.fold import standings_of
from dagster_project.domain.care_models.engine.moves import may_move, move, versions_of
from dagster_project.domain.care_models.engine.record import path
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.steps import Exit
from tests.domain.care_models.oracle import Life, Path, walked
from tests.domain.care_models.playing import Played, asking_of, decide, rows_of, told_paths
from tests.domain.care_models.test_engine_random import COMMON
from tests.domain.care_models.worlds import (
    KINDS,
    STARTS,
    ZONE,
    World,
    actions_of,
    entries_of,
    heard_by,
    lives,
    moments,
    parts,
    plans,
    told_of,
)


@dataclass(frozen=True)
class MovingWorld:
    """A world in which a second version comes at one of the runs, and says of some steps where to go on."""

    world: World
    new: Plan
    step_map: Mapping[str, str]
    comes_at: int  # the number of the run

    def moves_at(self, number: int) -> bool:
        """Whether the second version is there at a run."""
        return number >= self.comes_at


@st.composite
def moving_worlds(draw: Any) -> MovingWorld:
    """A version, and one made of it by taking out, adding and turning round; lives in which both hear of something."""
    before = draw(parts("s", (), 0))
    added = draw(st.one_of(st.just(()), parts("n", (), 1)))
    kept = [part for part in before if draw(st.integers(0, 3))]
    after = draw(st.permutations([*kept, *added])) or list(before)
    ends = [part for part in after if isinstance(part.does, Exit)]
    after = [part for part in after if not isinstance(part.does, Exit)] + ends[:1]
    old, new = draw(plans(st.just(before))), draw(plans(st.just(tuple(after))))
    start, names = draw(st.sampled_from(STARTS)), [step.step for step in new.steps]
    answers = sorted({f"{one}/{kind}" for one in actions_of([*old.steps, *new.steps]) for kind in KINDS})
    heard = sorted({*heard_by(old), *heard_by(new)})
    everyone = {f"e{number}": draw(lives(f"e{number}", start, heard, answers)) for number in range(3)}
    runs = [draw(moments(start, 9))]
    for _ in range(draw(st.integers(3, 12))):
        runs.append(runs[-1] + timedelta(hours=draw(st.integers(6, 96))))
    step_map = {}
    for step in old.steps:
        goes_on = draw(st.sampled_from([step.step, step.step, None, *names]))
        if goes_on in names:
            step_map[step.step] = goes_on
    world = World(old, everyone, tuple(runs), draw(st.integers(0, 2**16)))
    return MovingWorld(world, new, step_map, draw(st.integers(0, len(runs) - 1)))


def play(moving: MovingWorld) -> None:
    """All runs: advance on the old version, move, advance on the new one, decide; the oracle goes along."""
    world = moving.world
    played = Played({one: [] for one in world.lives})
    for number, as_of in enumerate(world.runs):
        run(moving, played, number, as_of)
        decide(world, played, as_of)
        decide(world, played, as_of, moving.new, "2")


def run(moving: MovingWorld, played: Played, number: int, as_of: datetime) -> None:
    """One run, and where everyone stands after it."""
    world, old, new = moving.world, moving.world.plan, moving.new
    came = pa.array([life.entered_at <= as_of for life in world.lives.values()])
    entries = entries_of(world.lives).filter(came)
    inside = played.standings["enrolment_id"].combine_chunks()
    entries = entries.filter(pc.invert(pc.is_in(entries["enrolment_id"], value_set=inside)))
    door = new if moving.moves_at(number) else old
    version = "2" if moving.moves_at(number) else "1"
    entries = entries.set_column(3, "version", pa.array([version] * entries.num_rows, pa.string()))
    begun = enter(door, entries, as_of)
    played.standings = pa.concat_tables([played.standings, begun.standings])
    told, asking = told_of(world.lives, played.contacts), asking_of(world.lives, played)
    on_old = played.standings.filter(pc.equal(played.standings["version"], "1"))
    on_new = played.standings.filter(pc.equal(played.standings["version"], "2"))
    done = advance(old, on_old, told, as_of, played.since, ZONE, asking)
    transitions, stays = done.transitions, done.standings
    if moving.moves_at(number):
        theirs = {one: [made for made in mades if made.version == "1"] for one, mades in played.contacts.items()}
        goes = may_move(old, done.standings, told_of({}, theirs).contacts, moving.step_map)
        moved = move(new, done.standings.filter(goes), done.transitions, moving.step_map, "2", as_of)
        transitions, stays = moved.transitions, done.standings.filter(pc.invert(goes))
        on_new = pa.concat_tables([on_new, moved.standings])
    went_on = advance(new, on_new, told, as_of, played.since, ZONE, asking)
    played.record += [begun.transitions, transitions, went_on.transitions]
    played.standings, played.since = pa.concat_tables([stays, went_on.standings]), as_of
    held = path(played.whole())
    assert told_paths(held) == expected(moving, played, number)
    keys = ["enrolment_id", "position", "recorded_as_of"]
    assert played.whole().group_by(keys).aggregate([]).num_rows == played.whole().num_rows, (
        "a row of the record has a key"
    )
    folded(moving, played, held, number)


def folded(moving: MovingWorld, played: Played, held: pa.Table, number: int) -> None:
    """The standings are a fold of the record, and so is the version everyone is on."""
    inside = played.standings["enrolment_id"].combine_chunks()
    entries = entries_of(moving.world.lives)
    entries = entries.filter(pc.is_in(entries["enrolment_id"], value_set=inside))
    entered = pa.array([entered_on(moving, one) for one in entries["enrolment_id"].to_pylist()], pa.string())
    entries = entries.set_column(3, "version", entered)
    entries = entries.set_column(3, "version", versions_of(entries, held))
    found = []
    for version, plan in (("1", moving.world.plan), ("2", moving.new)):
        found += rows_of(standings_of(plan, entries.filter(pc.equal(entries["version"], version)), held))
    assert sorted(found, key=lambda row: str(row["enrolment_id"])) == rows_of(played.standings)


def entered_on(moving: MovingWorld, enrolment_id: str) -> str:
    """The version at whose door an enrolment came in."""
    entered_at = moving.world.lives[enrolment_id].entered_at
    first = next(number for number, run in enumerate(moving.world.runs) if run >= entered_at)
    return "2" if moving.moves_at(first) else "1"


def expected(moving: MovingWorld, played: Played, number: int) -> dict[str, Path]:
    """The path of each by the words of the documentation."""
    runs = moving.world.runs[: number + 1]
    found = {}
    for one, life in moving.world.lives.items():
        if life.entered_at <= runs[-1]:
            made = tuple(played.contacts[one])
            told = of_one(moving, replace(life, contacts=made), entered_on(moving, one), runs)
            found[one] = [(None, "entered", life.entered_at), *told]
    return found


def of_one(moving: MovingWorld, life: Life, entered: str, runs: tuple[datetime, ...]) -> Path:
    """On the old version up to the first run that finds it where it may move, then on the new one."""
    old, new = moving.world.plan, moving.new
    if entered == "2":
        return walked(new, life, runs[-1], ZONE, 0, life.entered_at)[0]
    places = {step.step: place for place, step in enumerate(old.steps)}
    for as_of in runs:
        if as_of < life.entered_at or not moving.moves_at(runs.index(as_of)):
            continue
        before = tuple(made for made in life.contacts if made.decided_as_of < as_of)
        told, place, at = walked(old, replace(life, contacts=before), as_of, ZONE, 0, life.entered_at)
        if place is None or old.steps[place].step not in moving.step_map:
            continue
        if any(made.version == "1" and places[made.step] >= place for made in before):
            continue
        goes_on = moving.step_map[old.steps[place].step]
        to = next(number for number, step in enumerate(new.steps) if step.step == goes_on)
        on_new = replace(life, moved_at=as_of)
        return [*told, (goes_on, "moved:2", at), *walked(new, on_new, runs[-1], ZONE, to, at)[0]]
    return walked(old, life, runs[-1], ZONE, 0, life.entered_at)[0]


@settings(max_examples=50, derandomize=True, **COMMON)
@given(moving_worlds())
def test_enrolments_move_as_the_oracle_says(moving: MovingWorld) -> None:
    play(moving)


@pytest.mark.slow
@settings(max_examples=3_000, derandomize=True, **COMMON)
@given(moving_worlds())
def test_enrolments_move_as_the_oracle_says_in_three_thousand_histories(moving: MovingWorld) -> None:
    play(moving)
