"""The clock jumps, a year ends, the daemon is down for days: every business day is decided once, nothing goes twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from unittest import mock

import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from dagster_project.adapters.ledger import open_ledger
from dagster_project.components.automation import BEFORE_THE_SHOPS_OPEN
from dagster_project.components.running import AS_OF_TAG
from dagster_project.defs.decisions import every_morning as every_morning_file
from dagster_project.domain.clock import business_date
from dagster_project.settings import settings
from tests.crash.receiver import Receiver, is_refused
from tests.journeys import clockwork
from tests.journeys.clockwork import CLOSES, HELSINKI, IDS, MINUTE, OPENS, WORLD, Daemon, audience_of, daemon, deliver

DAY = timedelta(days=1)
DUE = time(5, 20)  # what BEFORE_THE_SHOPS_OPEN says, by the clock on the wall
POLLS_EVERY = 20  # minutes between two looks of the receiver
LOOKS_ANYWAY = 30  # minutes after which Dagster's sensor loop passes even when there is nothing


def on_the_wall(day: date, hour: time = time.min) -> datetime:
    """A moment by the clock on the wall in Helsinki."""
    return datetime.combine(day, hour, tzinfo=HELSINKI)


@dataclass(frozen=True)
class Days:
    """Some days in a row, or a part of one, by the clock on the wall."""

    start: datetime
    end: datetime
    down: tuple[datetime, datetime] | None = None  # from when to when the daemon is not there

    @property
    def minutes(self) -> list[datetime]:
        """Every minute in UTC: a day of 23 hours has 1,380."""
        start, end = self.start.astimezone(UTC), self.end.astimezone(UTC)
        return [start + number * MINUTE for number in range(int((end - start) / MINUTE))]

    @property
    def due(self) -> list[date]:
        """The business days that must be decided."""
        every = [self.start.date() + number * DAY for number in range((self.end.date() - self.start.date()).days + 1)]
        return [day for day in every if self.start <= on_the_wall(day, DUE) < self.end]

    def is_down(self, moment: datetime) -> bool:
        """Whether the daemon is not there."""
        return self.down is not None and self.down[0] <= moment < self.down[1]


SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
THE_SPRING_NIGHT = Days(on_the_wall(SPRING, time(2)), on_the_wall(SPRING, time(6)))
ALL_DAYS = {
    "summer time begins": Days(on_the_wall(SPRING - DAY), on_the_wall(SPRING + 2 * DAY)),
    "summer time ends": Days(on_the_wall(AUTUMN - DAY), on_the_wall(AUTUMN + 2 * DAY)),
    "a leap day": Days(on_the_wall(date(2028, 2, 28)), on_the_wall(date(2028, 3, 2))),
    "a year ends": Days(on_the_wall(date(2026, 12, 30)), on_the_wall(date(2027, 1, 3))),
    "three days down over the end of summer time": Days(
        on_the_wall(AUTUMN - 3 * DAY),
        on_the_wall(AUTUMN + 3 * DAY),
        (on_the_wall(AUTUMN - 2 * DAY, time(4)), on_the_wall(AUTUMN + DAY, time(9, 13))),
    ),
}


@dataclass
class Told:
    """What happened while the days were played."""

    decided: list[tuple[datetime, datetime]] = field(default_factory=list)  # when and as of what, by the schedule
    delivered: list[str] = field(default_factory=list)
    landed: list[str] = field(default_factory=list)
    minutes: int = 0
    most_nights_at_once: int = 0


def play(
    days: Days, folder: Path, scheduler: Callable[[Daemon], Callable[[], None]] | None = None, **given: bool
) -> Told:
    """Live through these days minute by minute; the receiver polls all the time, also while the daemon is down."""
    own = settings()
    own.at_home.make()
    folder.mkdir()
    told = Told()
    receiver = Receiver(own.home)
    was_down = False
    minutes = days.minutes
    with daemon(folder, minutes[0] - MINUTE, **given) as running, open_ledger(own.ledger_address) as ledger:
        tick = running.schedules if scheduler is None else scheduler(running)
        for number, minute in enumerate(minutes):
            WORLD.now = minute
            wall = minute.astimezone(HELSINKI)
            if wall.minute in (30, 50) and wall.hour in (2, 3, 23):
                told.delivered.append(f"{minute:%Y%m%dT%H%M}")
                deliver(own, told.delivered[-1])
            if number % POLLS_EVERY == 0:
                receiver.poll()
            if days.is_down(minute):
                was_down = True
                continue
            if was_down:
                running.restart()
                running.sensors()  # the order that is harder: today's files are decided before the days missed
                was_down = False
            tick()
            if number % LOOKS_ANYWAY == 0 or clockwork.anything_for_sensors(own, ledger):
                running.sensors()
            running.runs()
        while WORLD.now < days.end + timedelta(hours=1) or WORLD.running:  # what is on its way comes to rest
            WORLD.now += 2 * MINUTE
            running.runs()
            receiver.poll()
            if clockwork.anything_for_sensors(own, ledger):
                running.sensors()
    told.landed, told.minutes, told.most_nights_at_once = WORLD.landed, len(minutes), WORLD.most_nights_at_once
    told.decided = [(when, as_of) for when, as_of, schedule in WORLD.decided if schedule]
    return told


def wrong_days(decided: list[datetime], due: list[date], hour: time = DUE) -> list[str]:
    """Business days that were not decided exactly once, and decisions at another hour of the wall's clock."""
    times = Counter(business_date(moment, HELSINKI) for moment in decided)
    wrong = [f"{day} was decided {times[day]} times" for day in due if times[day] != 1]
    wrong += [f"{day} was not due" for day in times.keys() - set(due)]
    walls = [moment.astimezone(HELSINKI) for moment in decided]
    return wrong + [f"{wall.date()} was decided at {wall.time()}" for wall in walls if wall.time() != hour]


def wrong_letters(due: list[date]) -> list[str]:
    """Days on which a customer was not told exactly once, or at an hour when nobody may be."""
    own = settings()
    sent = Receiver(own.home).sent()
    with open_ledger(own.ledger_address) as ledger:
        rows = ledger.contacts().to_pylist()
    wrong, told = [], Counter[tuple[str, str]]()
    for row in rows:
        told[row["window_key"], row["customer_id"]] += sent[row["contact_id"]]
        status = "rejected" if is_refused(row["contact_id"]) else "accepted"
        if row["status"] != status:
            wrong.append(f"{row['window_key']} is {row['status']}")
        wall = row["planned_for"].replace(tzinfo=UTC).astimezone(HELSINKI)
        if not OPENS <= wall.time() < CLOSES:
            wrong.append(f"{row['window_key']} is planned for {wall}")
    expected = {(day.isoformat(), one) for day in due for one in IDS}
    wrong += [f"{day} {one}: {told[day, one]} letters" for day, one in sorted(expected) if told[day, one] != 1]
    return wrong + [f"{key}: nobody expected it" for key in told.keys() - expected]


def held_on(day: date) -> int:
    """How many the audience's platform must hold after that day: its audience without those it refuses."""
    with open_ledger(settings().ledger_address) as ledger:
        rows = {row["customer_id"]: row for row in ledger.memberships("google").to_pylist()}
    return sum(not is_refused(rows[one]["customer_key"]) for one in audience_of(day))


def judge(days: Days, told: Told) -> list[str]:
    """Everything that is wrong after these days."""
    receiver = Receiver(settings().home)
    wrong = wrong_days([as_of for _, as_of in told.decided], days.due) + wrong_letters(days.due)
    wrong += [f"{name} was landed {times} times" for name, times in Counter(told.landed).items() if times != 1]
    wrong += [f"{name} was never landed" for name in sorted(set(told.delivered) - {one[:-4] for one in told.landed})]
    if told.most_nights_at_once > 1:
        wrong.append("two nights at once read each other's tables")
    holding = receiver.holding()
    wrong += [f"a row is held {times} times" for times in holding.values() if times != 1]
    if len(holding) != held_on(days.due[-1]):
        wrong.append(f"the audience has {len(holding)} rows instead of {held_on(days.due[-1])}")
    return wrong


def test_a_night_of_which_an_hour_is_missing(tmp_path: Path) -> None:
    told = play(THE_SPRING_NIGHT, tmp_path / "dagster")
    assert judge(THE_SPRING_NIGHT, told) == []
    assert told.minutes == 3 * 60, "from two to six by the clock on the wall, three hours lived"
    assert len(told.delivered) == len(told.landed) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_DAYS)
def test_days_when_the_clock_does_something(name: str, tmp_path: Path) -> None:
    days = ALL_DAYS[name]
    told = play(days, tmp_path / "dagster")
    print(f"{name}: {told.minutes} minutes, {len(days.due)} days, {len(told.landed)} files")
    assert judge(days, told) == []
    if days.down is not None:
        late = [as_of for when, as_of in told.decided if when - as_of > timedelta(hours=1)]
        assert len(late) == 4, "three days missed and the morning of the fourth, each as of when it was due"


MISSED_NIGHTS = Days(
    on_the_wall(SPRING - 3 * DAY, time(5, 15)),
    on_the_wall(SPRING, time(7, 15)),
    (on_the_wall(SPRING - 3 * DAY, time(5, 40)), on_the_wall(SPRING, time(6, 31))),
)


def test_nights_that_were_missed_are_lived_one_after_another(tmp_path: Path) -> None:
    assert judge(MISSED_NIGHTS, play(MISSED_NIGHTS, tmp_path / "dagster")) == []


def test_missed_nights_that_run_at_once_are_found_out(tmp_path: Path) -> None:
    """Negative control: a queue that knows no more than how many runs there may be."""
    told = play(MISSED_NIGHTS, tmp_path / "dagster", one_night_at_a_time=False)
    assert "two nights at once read each other's tables" in judge(MISSED_NIGHTS, told)


def moments(cron: str, zone: str, first: date, count: int) -> list[datetime]:
    """The first moments at which Dagster would run such a schedule."""
    found: Iterator[datetime] = schedule_execution_time_iterator(on_the_wall(first).timestamp(), cron, zone)
    return [next(found).astimezone(UTC) for _ in range(count)]


YEARS = [date(2026, 1, 1) + number * DAY for number in range(4 * 365 + 1)]  # with a leap day and eight jumps


def test_four_years_of_mornings_are_each_decided_once_at_twenty_past_five() -> None:
    assert wrong_days(moments(BEFORE_THE_SHOPS_OPEN, "Europe/Helsinki", YEARS[0], len(YEARS)), YEARS) == []


@pytest.mark.parametrize("hour", [DUE, time(23, 30)])
def test_a_schedule_of_every_24_hours_is_found_out(hour: time) -> None:
    """Negative control: it wanders by an hour in March, and late in the evening it misses a whole day."""
    start = on_the_wall(YEARS[0], hour).astimezone(UTC)
    wrong = wrong_days([start + number * DAY for number in range(len(YEARS))], YEARS, hour)
    assert any("was decided at" in line for line in wrong)
    assert any("was decided 0 times" in line for line in wrong) == (hour == time(23, 30))


@pytest.mark.parametrize(("cron", "hour"), [("20 3 * * *", DUE), ("30 21 * * *", time(23, 30))])
def test_a_schedule_by_utc_is_found_out(cron: str, hour: time) -> None:
    """Negative control: right in winter, an hour late all summer; and a day is missed in March, another told twice."""
    wrong = wrong_days(moments(cron, "UTC", YEARS[0], len(YEARS)), YEARS, hour)
    assert any("was decided at" in line for line in wrong)
    assert any("was decided 0 times" in line for line in wrong) == (hour == time(23, 30))


def test_half_past_three_is_found_out() -> None:
    """Negative control: an hour that the spring night does not have."""
    due = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)]
    assert wrong_days(moments("30 3 * * *", "Europe/Helsinki", due[0], 3), due, time(3, 30))


def test_a_schedule_that_asks_for_the_last_morning_alone_is_found_out(tmp_path: Path) -> None:
    """Negative control: Dagster itself makes up for nothing but the last tick."""
    with mock.patch.object(every_morning_file, "_last", return_value=None):
        wrong = judge(MISSED_NIGHTS, play(MISSED_NIGHTS, tmp_path / "dagster"))
    assert f"{SPRING - 2 * DAY} was decided 0 times" in wrong


def test_a_scheduler_that_counts_hours_is_found_out(tmp_path: Path) -> None:
    """Negative control: the same morning, with a scheduler that adds 24 hours to yesterday's time."""
    days = Days(on_the_wall(SPRING, time(5, 10)), on_the_wall(SPRING, time(6, 25)))

    def counting(_: Daemon) -> Callable[[], None]:
        due = [on_the_wall(SPRING - DAY, DUE).astimezone(UTC) + DAY]

        def tick() -> None:
            if due[-1] <= WORLD.now:
                clockwork.decide_work({AS_OF_TAG: due[-1].isoformat(), "dagster/schedule_name": "counting"})
                due.append(due[-1] + DAY)

        return tick

    assert judge(days, play(days, tmp_path / "dagster", counting)) == [f"{SPRING} was decided at 06:20:00"]
