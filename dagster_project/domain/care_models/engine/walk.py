"""The walk: many enrolments of one version through its steps, each as far as what is known carries it.

Steps lead forward only, so one pass over them in order is enough, however long ago the last run was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from dagster_project.domain.care_models.draws import shares_drawn
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.engine import schema as did
from dagster_project.domain.care_models.engine.facts import Facts
from dagster_project.domain.care_models.moments import NEVER, Moments, ends_of_waits, later
from dagster_project.domain.care_models.steps import END, Action, Branch, Exit, Response, Split, Step, Wait, WaitFor
from dagster_project.domain.conditions import Condition

Rows = npt.NDArray[np.int64]  # numbers of enrolments
Flags = npt.NDArray[np.bool_]
STAYS = -1  # the way out of a step that is not left yet
NOWHERE = -2  # no step at all
EXIT_OF_SAME = "exit_of_same"  # an exit that counts only when it is about what the entry was about

# Asks conditions of enrolments (by number) as of the end of the day of a moment each.
AskAt = Callable[[Mapping[str, Condition], Rows, Moments], Mapping[str, Flags]]
# The date of an attribute of each enrolment's customer, as of the end of the day of a moment each (NaT: none).
DateAt = Callable[[str, Rows, Moments], npt.NDArray[np.datetime64]]


@dataclass(frozen=True)
class Plan:
    """What the walk needs of one version of a care model.

    Attributes:
        steps: in order.
        goal_within: after the entry, the goal counts for so long; None: the model has no goal.
        has_exit: whether events end it.
        leaves_when: a state that ends it, asked of the customer on the day an action is due.
        salt: of the draws of splits.
        goal_is_about_same: the goal counts only when it is about what the entry was about.
    """

    steps: tuple[Step, ...]
    goal_within: Duration | None
    has_exit: bool
    leaves_when: Condition | None
    salt: str
    goal_is_about_same: bool = False


@dataclass
class Walkers:
    """Enrolments on their way; arrays of one length. ``place`` is a step's number, or the number of steps: finished."""

    place: npt.NDArray[np.int64]
    at: Moments  # when each arrived there, or finished
    entered: Moments
    withheld: Flags
    count: npt.NDArray[np.int64]  # transitions so far
    anchor_place: npt.NDArray[np.int64]
    anchor_at: Moments
    anchor_count: npt.NDArray[np.int64]
    due: Moments
    ended: npt.NDArray[np.object_]  # how each finished; None while it goes on

    def start_again(self, rows: Rows) -> None:
        """Back to where the last contact left them: what came after is looked at anew."""
        rows = rows[self.place[rows] != self.anchor_place[rows]]
        self.place[rows], self.at[rows] = self.anchor_place[rows], self.anchor_at[rows]
        self.count[rows] = self.anchor_count[rows]
        self.ended[rows] = None


@dataclass
class Log:
    """Transitions as they happen: parts of equal arrays, put together at the end."""

    parts: list[tuple[Rows, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.object_], Moments]] = field(
        default_factory=list
    )

    def add(
        self, walkers: Walkers, rows: Rows, place: int, what: str | npt.NDArray[np.object_], moments: Moments
    ) -> None:
        """Note what these did at a step, and count it."""
        if not len(rows):
            return
        words = np.full(len(rows), what, dtype=object) if isinstance(what, str) else what
        self.parts.append((rows, walkers.count[rows].copy(), np.full(len(rows), place), words, moments.copy()))
        walkers.count[rows] += 1


def walk(
    plan: Plan, walkers: Walkers, facts: Facts, as_of: int, zone: ZoneInfo, ids: npt.NDArray[np.object_],
    ask_at: AskAt, date_at: DateAt,
) -> Log:  # fmt: skip
    """Move everyone on as far as it goes by ``as_of``, and tell how.

    A choice is made with what was known when the next contact was decided, and the last stretch with what is known
    now: so what led to a contact stays, and what came late still counts after it.

    Args:
        plan: the version all of them are on.
        walkers: moved in place.
        facts: what happened to them, by their number.
        as_of: the moment.
        zone: the business zone.
        ids: their enrolment ids, for draws.
        ask_at: answers conditions.
        date_at: gives dates.
    """
    walker = _Walk(plan, walkers, facts, as_of, zone, ids, ask_at, date_at, Log())
    rows = np.arange(len(walkers.place))
    while len(rows):
        for place in range(len(plan.steps)):
            walker.pass_step(place)
        # A contact that its path no longer reaches (two customers became one since) must not hold the clock back.
        rows = facts.give_up_next_contact(as_of, walker.comes_next())
        walkers.start_again(rows)
        walker.forget(rows)
    return walker.log


@dataclass
class _Walk:
    plan: Plan
    walkers: Walkers
    facts: Facts
    as_of: int
    zone: ZoneInfo
    ids: npt.NDArray[np.object_]
    ask_at: AskAt
    date_at: DateAt
    log: Log

    def forget(self, rows: Rows) -> None:
        """Strike out what was noted of these after their anchor."""
        if not len(rows):
            return
        is_struck = np.zeros(len(self.walkers.place), dtype=bool)
        is_struck[rows] = True
        kept = []
        for part in self.log.parts:
            stays = ~is_struck[part[0]] | (part[1] < self.walkers.anchor_count[part[0]])
            kept.append(tuple(column[stays] for column in part))
        self.log.parts = kept  # type: ignore[assignment]

    def comes_next(self) -> npt.NDArray[np.int64]:
        """The step each is sure to come to next, unless its path ends: where a contact may be decided ahead."""
        walkers = self.walkers
        sure = np.where(walkers.at > self.as_of, walkers.place, NOWHERE)
        for place, step in enumerate(self.plan.steps):
            if isinstance(step.does, Wait):
                to = step.outcomes[0].to
                sure[walkers.place == place] = NOWHERE if to == END else to
        return sure

    def pass_step(self, place: int) -> None:
        """Everyone who stands at a step: who leaves it, how and when; who ends; who stays until when."""
        walkers, step = self.walkers, self.plan.steps[place]
        here = np.flatnonzero(walkers.place == place)
        if not len(here):
            return
        there = walkers.at[here] <= self.as_of
        walkers.due[here[~there]] = walkers.at[here[~there]]
        here = here[there]
        if isinstance(step.does, Action):
            here = self._pass_contacts(here, place, step)
        ways, moments, due = self._ways(here, step)
        stops, how = self._stops(here, step)
        leaves = (ways != STAYS) & (moments <= self.as_of)
        stopped = stops <= np.where(leaves, moments, self.as_of)
        self._finish(here[stopped], place, how[stopped], np.maximum(stops[stopped], walkers.at[here[stopped]]))
        going = leaves & ~stopped
        self._go_on(here[going], place, step, ways[going], moments[going])
        stay = ~leaves & ~stopped
        walkers.due[here[stay]] = due[stay]

    def _pass_contacts(self, here: Rows, place: int, step: Step) -> Rows:
        """Those whose contact was decided go on from the moment it is planned for; the others are given back."""
        number = self.facts.contact_at(here, step.step)
        decided = (number >= 0) & ~self._done_before(number)
        rows, found = here[decided], number[decided]
        if len(rows):
            walkers = self.walkers
            moments = np.maximum(self.facts.contacts.planned[found], walkers.at[rows])
            self.log.add(walkers, rows, place, did.CONTACTED, moments)
            self.facts.pass_contacts(found)
            self._arrive(rows, place, step.outcomes[0].to, moments)
            walkers.anchor_place[rows], walkers.anchor_at[rows] = walkers.place[rows], walkers.at[rows]
            walkers.anchor_count[rows] = walkers.count[rows]
        return here[~decided]

    def _done_before(self, numbers: npt.NDArray[np.int64]) -> Flags:
        """Which contacts (by number; -1: none) were made on an earlier version."""
        done = np.zeros(len(numbers), dtype=bool)
        done[numbers >= 0] = self.facts.contacts.is_before[numbers[numbers >= 0]]
        return done

    def _ways(self, here: Rows, step: Step) -> tuple[npt.NDArray[np.int64], Moments, Moments]:
        """The number of the outcome, when, and (for who stays) when to look again."""
        since = self.walkers.at[here]
        does = step.does
        if isinstance(does, Action):
            stale = later(since, does.max_age, self.zone)
            done = self._done_before(self.facts.contact_at(here, step.step))
            moments = np.where(self.walkers.withheld[here] | done, since, stale)
            return np.where(moments <= self.as_of, 0, STAYS), moments, stale
        if isinstance(does, Wait):
            dates = None if does.attribute is None else self.date_at(does.attribute, here, since)
            moments = ends_of_waits(does, since, dates, self.zone)
            return np.where(moments <= self.as_of, 0, STAYS), moments, moments
        if isinstance(does, WaitFor):
            return self._awaited(here, step, does)
        if isinstance(does, Branch):
            moments = self.walkers.entered[here] if does.asked_at_entry else since
            names = [str(number) for number in range(len(does.conditions))]
            answers = self.ask_at(dict(zip(names, does.conditions, strict=True)), here, moments)
            ways = np.full(len(here), len(names), dtype=np.int64)
            for number in reversed(range(len(names))):
                ways[answers[names[number]]] = number
            return ways, since, since
        if isinstance(does, Split):
            return shares_drawn(self.ids[here], step.step, does.shares, self.plan.salt), since, since
        return np.zeros(len(here), dtype=np.int64), since, since

    def _awaited(self, here: Rows, step: Step, does: WaitFor) -> tuple[npt.NDArray[np.int64], Moments, Moments]:
        since = self.walkers.at[here]
        until = later(since, does.timeout, self.zone)
        best, ways = until.copy(), np.full(len(here), len(does.awaited), dtype=np.int64)
        known = self.facts.known_by(here, self.as_of)
        for number, awaited in reversed(list(enumerate(does.awaited))):
            if isinstance(awaited, Response):
                came = self.facts.first_response(here, awaited.step, awaited.response, known)
            else:
                came = self.facts.first_happening(
                    here, f"{step.step}/{number}", self.walkers.entered[here], known, awaited.same_subject
                )
            came = np.where(came == NEVER, NEVER, np.maximum(came, since))  # what came before the wait ends it at once
            earlier = came <= np.where(ways == len(does.awaited), until, best)
            best[earlier], ways[earlier] = came[earlier], number
        return np.where(best <= self.as_of, ways, STAYS), best, until

    def _stops(self, here: Rows, step: Step) -> tuple[Moments, npt.NDArray[np.object_]]:
        """The moment each was at its goal or met an exit criterion, whichever came first, and which."""
        stops, how = np.full(len(here), NEVER, dtype=np.int64), np.full(len(here), did.LEFT, dtype=object)
        known = self.facts.known_by(here, self.as_of)
        entered = self.walkers.entered[here]
        if self.plan.has_exit:
            about_same = self.facts.first_happening(here, EXIT_OF_SAME, entered, known, True)
            stops = np.minimum(self.facts.first_happening(here, "exit", entered, known), about_same)
        if self.plan.goal_within is not None:
            reached = self.facts.first_happening(here, "goal", entered, known, self.plan.goal_is_about_same)
            reached = np.where(reached <= later(entered, self.plan.goal_within, self.zone), reached, NEVER)
            how[reached <= stops] = did.GOAL
            stops = np.minimum(stops, reached)
        if self.plan.leaves_when is not None and isinstance(step.does, Action):
            since = self.walkers.at[here]
            leaves = self.ask_at({"leaves_when": self.plan.leaves_when}, here, since)["leaves_when"]
            sooner = leaves & (since < stops)
            stops, how = np.where(sooner, since, stops), np.where(sooner, did.LEFT, how)
        return stops, how

    def _go_on(
        self, rows: Rows, place: int, step: Step, ways: npt.NDArray[np.int64], moments: Moments
    ) -> None:  # fmt: skip
        if isinstance(step.does, Exit):
            self._finish(rows, place, np.full(len(rows), step.does.reason, dtype=object), moments)
            return
        if isinstance(step.does, Action):
            words = np.where(self.walkers.withheld[rows], did.WITHHELD, did.DROPPED).astype(object)
            words[self._done_before(self.facts.contact_at(rows, step.step))] = did.DONE_BEFORE
        else:
            words = np.array([way.outcome for way in step.outcomes], dtype=object)[ways]
        self.log.add(self.walkers, rows, place, words, moments)
        for number, way in enumerate(step.outcomes):
            took = ways == number
            self._arrive(rows[took], place, way.to, moments[took])

    def _arrive(self, rows: Rows, place: int, to: int, moments: Moments) -> None:
        self.walkers.place[rows], self.walkers.at[rows] = to, moments
        if to == END:
            self._finish(rows, place, np.full(len(rows), did.COMPLETED, dtype=object), moments)

    def _finish(self, rows: Rows, place: int, how: npt.NDArray[np.object_], moments: Moments) -> None:
        self.log.add(self.walkers, rows, place, how, moments)
        self.walkers.place[rows], self.walkers.at[rows] = len(self.plan.steps), moments
        self.walkers.ended[rows], self.walkers.due[rows] = how, NEVER
