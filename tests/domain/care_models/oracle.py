"""A small second engine, written customer by customer from the words of docs/rooms/care_models.md.

It shares no code with the real one but the steps themselves, the draws and the spans of time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import holidays

from dagster_project.domain.care_models.draws import shares_drawn
from dagster_project.domain.care_models.steps import (
    ELSE,
    END,
    Action,
    Branch,
    Exit,
    Response,
    Split,
    Step,
    Wait,
    WaitFor,
)
from dagster_project.domain.clock import business_date, end_of_day

if TYPE_CHECKING:
    from dagster_project.domain.care_models.engine.walk import Plan

FINNISH = holidays.country_holidays("FI")


@dataclass(frozen=True)
class Fact:
    """Something that happened, under the name the model listens to it by."""

    name: str
    occurred_at: datetime
    known_at: datetime
    subject_id: str | None = None


@dataclass(frozen=True)
class Made:
    """A contact that was decided."""

    step: str
    decided_as_of: datetime
    planned_for: datetime
    version: str = "1"


@dataclass(frozen=True)
class Life:
    """One enrolment and everything that ever happened to it."""

    enrolment_id: str
    entered_at: datetime
    subject_id: str | None
    is_withheld: bool
    happenings: tuple[Fact, ...]
    responses: tuple[Fact, ...]  # named <step>/<response>
    contacts: tuple[Made, ...]
    is_true: Callable[[Any, date], bool]
    date_of: Callable[[str, date], date | None]
    moved_at: datetime | None = None  # the run that moved it to the version it is on


Path = list[tuple[str | None, str, datetime]]


def path_of(plan: Plan, life: Life, as_of: datetime, zone: ZoneInfo) -> Path:
    """What one enrolment did by a moment: (step, what, when), from the entry on."""
    return [(None, "entered", life.entered_at), *walked(plan, life, as_of, zone, 0, life.entered_at)[0]]


def walked(
    plan: Plan, life: Life, as_of: datetime, zone: ZoneInfo, place: int, at: datetime
) -> tuple[Path, int | None, datetime]:
    """What one enrolment did from a step on, and where it stands then, since when; None: it has ended."""
    of_this_version = [one for one in life.contacts if life.moved_at is None or one.decided_as_of >= life.moved_at]
    remaining = sorted(
        (one for one in of_this_version if one.decided_as_of <= as_of), key=lambda one: one.decided_as_of
    )
    told: Path = []
    anchor = place, at
    while True:
        known_by = remaining[0].decided_as_of if remaining else as_of
        stretch, place, at, contact, ended = _until_a_contact(plan, life, place, at, known_by, as_of, zone)
        if contact is None and remaining and not _is_waited_for(remaining[0], plan.steps, place, at, as_of):
            remaining.pop(0)  # the path does not come by there any more
            place, at = anchor
            continue
        told += stretch
        if contact is None or ended:
            return told, None if ended else place, at
        remaining = [one for one in remaining if one != contact]
        anchor = (place, at)


def _is_waited_for(made: Made, steps: tuple[Step, ...], place: int, at: datetime, as_of: datetime) -> bool:
    """A contact decided ahead of the arrival, for a moment that is still to come."""
    if place == END or made.planned_for <= as_of:
        return False
    if isinstance(steps[place].does, Wait):
        to = steps[place].outcomes[0].to
        return to != END and steps[to].step == made.step
    return at > as_of and steps[place].step == made.step


def _until_a_contact(plan, life, place, at, known_by, as_of, zone):  # type: ignore[no-untyped-def]
    told: Path = []
    while True:
        if at > as_of:
            return told, place, at, None, False
        step = plan.steps[place]
        does = step.does
        made = [one for one in life.contacts if one.step == step.step and one.decided_as_of <= as_of]
        was_before = life.moved_at is not None and any(one.decided_as_of < life.moved_at for one in made)
        if isinstance(does, Action) and made and not was_before:
            at = max(made[0].planned_for, at)
            told.append((step.step, "contacted", at))
            place = step.outcomes[0].to
            if place == END:
                told.append((step.step, "completed", at))
            return told, place, at, made[0], place == END
        stop = _stop(plan, life, does, at, known_by, zone)
        way, moment = _way(step, life, at, known_by, as_of, zone, plan.salt, was_before)
        until = moment if way is not None else as_of
        if stop is not None and stop[0] <= until:
            told.append((step.step, stop[1], max(stop[0], at)))
            return told, END, at, None, True
        if way is None:
            return told, place, at, None, False
        if isinstance(does, Exit):
            told.append((step.step, does.reason, moment))
            return told, END, at, None, True
        told.append((step.step, way[0], moment))
        place, at = way[1], moment
        if place == END:
            told.append((step.step, "completed", at))
            return told, END, at, None, True


def _stop(plan, life, does, at, known_by, zone):  # type: ignore[no-untyped-def]
    found = []
    for fact in life.happenings:
        if fact.known_at > known_by or fact.occurred_at <= life.entered_at:
            continue
        is_same = fact.subject_id is not None and fact.subject_id == life.subject_id
        if (
            fact.name == "goal"
            and plan.goal_within is not None
            and fact.occurred_at <= plan.goal_within.after(life.entered_at, zone)
            and (is_same or not plan.goal_is_about_same)
        ):
            found.append((fact.occurred_at, 0, "goal_reached"))
        if plan.has_exit and (fact.name == "exit" or (fact.name == "exit_of_same" and is_same)):
            found.append((fact.occurred_at, 1, "left"))
    asked = plan.leaves_when is not None and isinstance(does, Action)
    if asked and life.is_true(plan.leaves_when, business_date(at, zone)):
        found.append((at, 2, "left"))
    if not found:
        return None
    moment, _, what = min(found)
    return moment, what


def _way(step, life, at, known_by, as_of, zone, salt, was_before):  # type: ignore[no-untyped-def]
    does = step.does
    if isinstance(does, Action):
        if was_before:
            return ("done_before", step.outcomes[0].to), at
        if life.is_withheld:
            return ("withheld", step.outcomes[0].to), at
        stale = does.max_age.after(at, zone)
        return (("dropped", step.outcomes[0].to), stale) if stale <= as_of else (None, stale)
    if isinstance(does, Wait):
        end = end_of_wait(does, life, at, zone)
        return (("next", step.outcomes[0].to), end) if end <= as_of else (None, end)
    if isinstance(does, WaitFor):
        until = does.timeout.after(at, zone)
        came = []
        for number, awaited in enumerate(does.awaited):
            if isinstance(awaited, Response):
                name, facts = f"{awaited.step}/{awaited.response}", life.responses
            else:
                name, facts = f"{step.step}/{number}", life.happenings
            for fact in facts:
                if fact.name != name or fact.known_at > known_by:
                    continue
                if not isinstance(awaited, Response):
                    if fact.occurred_at <= life.entered_at:
                        continue
                    if awaited.same_subject and (fact.subject_id is None or fact.subject_id != life.subject_id):
                        continue
                came.append((max(fact.occurred_at, at), number))
        came = [one for one in came if one[0] <= until]
        moment, number = min(came) if came else (until, len(does.awaited))
        way = step.outcomes[number]
        return ((way.outcome, way.to), moment) if moment <= as_of else (None, moment)
    if isinstance(does, Branch):
        asked = business_date(life.entered_at if does.asked_at_entry else at, zone)
        for condition, way in zip(does.conditions, step.outcomes, strict=False):
            if life.is_true(condition, asked):
                return (way.outcome, way.to), at
        assert step.outcomes[-1].outcome == ELSE
        return (ELSE, step.outcomes[-1].to), at
    if isinstance(does, Split):
        way = step.outcomes[int(shares_drawn([life.enrolment_id], step.step, does.shares, salt)[0])]
        return (way.outcome, way.to), at
    return ("", END), at


def end_of_wait(does: Wait, life: Life, at: datetime, zone: ZoneInfo) -> datetime:
    """When a pause ends, looked for day by day."""
    moment = does.span.after(at, zone)
    if does.attribute is not None:
        day = life.date_of(does.attribute, business_date(at, zone))
        if day is not None:
            start = end_of_day(day + timedelta(days=does.offset_days - 1), zone) + timedelta(microseconds=1)
            moment = max(moment, start)
    if not does.weekdays and not does.working_day and does.at is None:
        return moment
    day = business_date(moment, zone)
    while True:
        fits = not does.weekdays or day.weekday() in does.weekdays
        if does.working_day and (day.weekday() >= 5 or day in FINNISH):
            fits = False
        opening = end_of_day(day - timedelta(days=1), zone) + timedelta(microseconds=1)
        if does.at is not None:
            wall = datetime.combine(day, time(does.at.hour, does.at.minute), tzinfo=zone)
            opening = wall.astimezone(moment.tzinfo)
        elif opening < moment and day == business_date(moment, zone):
            opening = moment
        if fits and opening >= moment:
            return opening
        day += timedelta(days=1)
