"""Nights that know nothing but the record, as the real ones; and two customers who turn out to be one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.care_models.engine.advance import Told, advance, enter
from dagster_project.domain.care_models.engine.fold import standings_of
from dagster_project.domain.care_models.engine.record import path
from tests.domain.care_models.playing import Played, asking_of, decide, expected, told_paths
from tests.domain.care_models.test_engine_random import COMMON
from tests.domain.care_models.worlds import ZONE, World, entries_of, told_of, worlds

ONE, OTHER = "e0", "e1"  # the enrolments of two customers who turn out to be one


def as_one(table: pa.Table) -> pa.Table:
    """The rows of both customers under one name."""
    ids = table["customer_id"].to_pylist()
    today = [f"c-{ONE}" if one == f"c-{OTHER}" else one for one in ids]
    return table.set_column(table.column_names.index("customer_id"), "customer_id", pa.array(today, pa.string()))


def night(world: World, played: Played, as_of: datetime, are_one: bool) -> None:
    """Where everyone stands by the record; then on from there, and once more, which finds nothing new."""
    entries, told = entries_of(world.lives), told_of(world.lives, played.contacts)
    if are_one:
        entries, told = as_one(entries), Told(as_one(told.happenings), told.responses, told.contacts)
    came = pa.array([life.entered_at <= as_of for life in world.lives.values()])
    entries, held, asking = entries.filter(came), path(played.whole()), asking_of(world.lives, played)
    is_told = pc.is_in(entries["enrolment_id"], value_set=held["enrolment_id"].combine_chunks())
    begun = enter(world.plan, entries.filter(pc.invert(is_told)), as_of)
    stand = pa.concat_tables([standings_of(world.plan, entries.filter(is_told), held), begun.standings])
    done = advance(world.plan, stand, told, as_of, played.since, ZONE, asking)
    played.record += [begun.transitions, done.transitions]
    again = standings_of(world.plan, entries, path(played.whole()))
    again = advance(world.plan, again, told, as_of, as_of, ZONE, asking)
    assert again.transitions.num_rows == 0, "the same moment again finds nothing new"
    played.standings, played.since = again.standings, as_of


@settings(max_examples=20, derandomize=True, **COMMON)
@given(worlds())
def test_nights_that_know_the_record_alone_tell_what_the_oracle_tells(world: World) -> None:
    played = Played({one: [] for one in world.lives})
    for as_of in world.runs:
        night(world, played, as_of, are_one=False)
        assert told_paths(path(played.whole())) == expected(world, played, as_of)
        decide(world, played, as_of)


@settings(max_examples=20, derandomize=True, **COMMON)
@given(worlds(), st.integers(1, 8))
def test_two_customers_who_are_one_get_nothing_twice_and_nothing_after_an_end(world: World, when: int) -> None:
    world = replace(world, lives={one: life for one, life in world.lives.items() if one in (ONE, OTHER)})
    played = Played({one: [] for one in world.lives})
    for number, as_of in enumerate(world.runs):
        night(world, played, as_of, are_one=number >= when)
        if number >= when:
            nobody_is_left_inside_after_an_exit_of_either(world, played, as_of)
        decide(world, played, as_of)
    for told in told_paths(path(played.whole())).values():
        contacted = [step for step, what, _ in told if what == "contacted"]
        assert len(contacted) == len(set(contacted))
        assert [at for _, _, at in told] == sorted(at for _, _, at in told)


def nobody_is_left_inside_after_an_exit_of_either(world: World, played: Played, as_of: datetime) -> None:
    left = [
        fact.occurred_at for life in world.lives.values() for fact in life.happenings
        if fact.name == "exit" and fact.known_at <= as_of
    ]  # fmt: skip
    for row in played.standings.to_pylist():
        entered = world.lives[row["enrolment_id"]].entered_at
        waits = row["arrived_at"] > as_of.replace(tzinfo=None)  # for a contact that was decided and lies ahead
        ahead = [made for made in played.contacts[row["enrolment_id"]] if made.planned_for > as_of]
        if world.plan.has_exit and not waits and not ahead:
            assert row["step"] is None or not [at for at in left if at > entered]
