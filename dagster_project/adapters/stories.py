"""Stories played on a virtual clock: night after night through the same code as the real one, with a ledger apart.

Stories of one care model under the same circumstances are played together, each with customers of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dagster_project.adapters.story_people import People
from dagster_project.domain.care_models import CareModel
from dagster_project.domain.care_models.doors import is_watched
from dagster_project.domain.care_models.quiet import is_anybody_due, opens_by_time
from dagster_project.domain.care_models.stories import Ending, Met, Played, Story, Verdict, compared
from dagster_project.domain.clock import business_date, end_of_day, naive_utc
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.nights import Night, ReadVersion
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings

SALT = "stories-stay-the-same"  # of every draw: the same story has the same luck on every machine
ModelOf = Callable[[str, str | None], CareModel]  # of a care model's name and, for one that is not shipped, its file


def play(
    settings: Settings, stories: Sequence[Story], policy: ContactPolicy, model_of: ModelOf, read: ReadVersion,
    told: Callable[[int], None] = lambda _: None, every_night: bool = False,
) -> list[Verdict]:  # fmt: skip
    """Play stories and compare; verdicts in the order of the stories.

    Args:
        settings: for the business zone and the holdout's share.
        stories: any number.
        policy: the contact policy; capacities are unlimited except where a story limits them.
        model_of: finds the care model of a story.
        read: makes a care model of a definition that the ledger kept.
        told: called with the number of stories that were played, for a progress bar.
        every_night: play quiet nights, too: the same comes of it, later.
    """
    own = settings.model_copy(update={"holdout_salt": SALT})
    together: dict[Any, list[int]] = defaultdict(list)
    for number, story in enumerate(stories):
        files = tuple(sorted((turn.at, turn.file) for turn in story.turns if turn.file))
        alone = number if story.capacity else None  # what a channel carries is not shared with other stories
        first = story.first if _looks_back(story, model_of) else None
        together[(story.care_model, story.file, files, alone, story.no_runs, first)].append(number)
    verdicts: dict[int, Verdict] = {}
    for numbers in together.values():
        group = [stories[number] for number in numbers]
        try:
            played = _Stage(own, group, _limited(policy, group[0].capacity), model_of, read, every_night).play()
        except HoivaError as error:
            played = [Played((), (), 0, str(error))] * len(group)
        for number, story, outcome in zip(numbers, group, played, strict=True):
            verdicts[number] = compared(story, outcome)
        told(len(group))
    return [verdicts[number] for number in range(len(stories))]


def _looks_back(story: Story, model_of: ModelOf) -> bool:
    """Whether a night depends on the first (a group is watched), so that only stories of one start go together."""
    try:
        return is_watched(model_of(story.care_model, story.file))
    except HoivaError:  # told when it is played
        return False


def _limited(policy: ContactPolicy, capacity: Mapping[str, int]) -> ContactPolicy:
    channels = {name: replace(channel, daily_capacity=capacity.get(name)) for name, channel in policy.channels.items()}
    return replace(policy, channels=channels)


@dataclass
class _Stage:
    """Stories of one care model, played together."""

    settings: Settings
    stories: list[Story]
    policy: ContactPolicy
    model_of: ModelOf
    read: ReadVersion
    every_night: bool

    def play(self) -> list[Played]:
        from dagster_project.adapters.ledger import open_ledger
        from dagster_project.adapters.nights import night
        from dagster_project.adapters.sending import count_as_made

        zone, first_story = self.settings.zone, self.stories[0]
        models = [(datetime.min.replace(tzinfo=UTC), self.model_of(first_story.care_model, first_story.file))]
        models += sorted(
            ((turn.at, self.model_of(first_story.care_model, turn.file)) for turn in first_story.turns if turn.file),
            key=lambda each: each[0],
        )
        people = People(self.settings, self.stories, models[0][1])
        clock = _Clock(self.stories, people, [model for _, model in models], zone)
        channels = sorted({action.channel for _, model in models for action in model.actions.values()})
        found: dict[date, Night] = {}
        newest: Night | None = None
        with open_ledger("sqlite://") as ledger:
            for day in clock.days():
                as_of = end_of_day(day, zone)
                if not (self.every_night or clock.is_awake(day, None if newest is None else newest.standings)):
                    continue
                model = [model for since, model in models if since <= as_of][-1]
                count_as_made(ledger, channels, as_of)
                known = people.known(as_of, ledger)
                newest, _ = night(self.settings, ledger, [model], self.policy, known, as_of, self.read)
                if newest.faults:
                    raise HoivaError("; ".join(newest.faults.values()))
                found |= {story.last: newest for story in self.stories if day <= story.last}
            return [self._played(story, people, ledger, found.get(story.last)) for story in self.stories]

    def _played(self, story: Story, people: People, ledger: Ledger, found: Night | None) -> Played:
        last = naive_utc(end_of_day(story.last, self.settings.zone))
        names = {people.ids[(story.story, person.name)]: person.name for person in story.people}
        met = [
            Met(names[row["claimed_customer_id"]], self._wall(row["planned_for"]), row["step"], row["channel"],
                row["treatment"])
            for row in ledger.contacts().to_pylist()
            if row["claimed_customer_id"] in names and row["status"] != "returned" and row["decided_as_of"] <= last
        ]  # fmt: skip
        rows = [] if found is None else found.enrolments.to_pylist()
        first_ids = {row["enrolment_id"]: row["enrolled_customer_id"] for row in ledger.enrolments().to_pylist()}
        mine = [row for row in rows if first_ids.get(row["enrolment_id"]) in names]
        ends = [
            Ending(names[first_ids[row["enrolment_id"]]], row["outcome"],
                   self._wall(row["ended_at"]) if row["ended_at"] else None, row["step"])
            for row in mine
        ]  # fmt: skip
        return Played(tuple(sorted(met, key=lambda one: (one.at, one.who))), tuple(ends), len(mine))

    def _wall(self, moment: datetime) -> str:
        return f"{moment.replace(tzinfo=UTC).astimezone(self.settings.zone):%Y-%m-%d %H:%M}"


class _Clock:
    """The virtual clock: the days of the stories, and which of their nights are quiet."""

    def __init__(self, stories: Sequence[Story], people: People, models: Sequence[CareModel], zone: ZoneInfo) -> None:
        self.stories, self.zone = stories, zone
        self.opens = [opens_by_time(model, people.values_of, zone) for model in models]
        turns = [business_date(turn.known, zone) for story in stories for turn in story.turns]
        self.news = {*turns, *(story.first for story in stories)}
        self.is_open = False  # something is new since the last night that was played

    def days(self) -> Iterator[date]:
        """The days of the stories, in order, without those on which no run is made."""
        first, last = min(story.first for story in self.stories), max(story.last for story in self.stories)
        for ahead in range((last - first).days + 1):
            day = first + timedelta(days=ahead)
            self.is_open |= day in self.news or any(opens(day) for opens in self.opens)
            if day not in self.stories[0].no_runs and any(story.first <= day <= story.last for story in self.stories):
                yield day

    def is_awake(self, day: date, standings: pa.Table | None) -> bool:
        """Whether the night of a day has to be played."""
        is_awake = self.is_open or standings is None or is_anybody_due(standings, end_of_day(day, self.zone))
        self.is_open &= not is_awake
        return is_awake
