"""A small house that runs by itself under a clock the test moves: Dagster's own scheduler and sensor loops, for real.

The schedule and both sensors are the project's. The two jobs do the small house's work without dbt: deciding for a
handful of customers who each get one letter a day, publishing, and exporting.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import dagster as dg
import yaml
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.instance import DagsterInstance
from dagster._core.launcher import LaunchRunContext, RunLauncher
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import create_test_daemon_workspace_context, instance_for_test
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs
from dagster._serdes import ConfigurableClass

from dagster_project.adapters.acks import read_acks, waiting_acks
from dagster_project.adapters.dagster_home import DAGSTER_YAML
from dagster_project.adapters.deciding import run_decisions
from dagster_project.adapters.exporting import export_all, waiting
from dagster_project.adapters.gate import settled_files
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.components.automation import BUILDS, DECIDE, EXPORT
from dagster_project.components.running import AS_OF_TAG
from dagster_project.defs.decisions.every_morning import every_morning
from dagster_project.defs.exports import exports_waiting as exports_sensor
from dagster_project.defs.sources import landing_files as landing_sensor
from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.settings import Settings, settings
from tests.adapters.small_house import GOOGLE, LETTERS, consent_rows, customer_ids, house, point
from tests.domain.decisions.builders import CHANNELS, FREE, candidate, candidates, customers

HELSINKI = ZoneInfo("Europe/Helsinki")
IDS = customer_ids(6)
OPENS, CLOSES = time(8), time(20)
OF_THE_DAY = replace(CHANNELS["email"], opens=OPENS, closes=CLOSES)
POLICY = replace(FREE, channels=CHANNELS | {"email": OF_THE_DAY}, per_customer_per_day=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Happened:
    """What the jobs did while the clock ran."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    decided: list[tuple[datetime, datetime, str | None]] = field(default_factory=list)  # when, as of, by which schedule
    landed: list[str] = field(default_factory=list)
    running: list[tuple[datetime, Any]] = field(default_factory=list)  # until when, and which run
    most_nights_at_once: int = 0


TAKES = {DECIDE: timedelta(minutes=7), EXPORT: timedelta(minutes=1)}  # a run of each job
WORLD = Happened()


def audience_of(day: date) -> list[str]:
    """Who is in the ad audience that day: all but one, another one each day."""
    return [one for place, one in enumerate(IDS) if place != day.toordinal() % len(IDS)]


def decide_small(own: Settings, as_of: datetime) -> None:
    """Each customer's letter of the business day, decided, claimed and published with the day's audience."""
    day = business_date(as_of, own.zone)
    rows = [
        candidate(one, care_model="every_day", window_key=day.isoformat(), planned_for=naive_utc(as_of)) for one in IDS
    ]
    with open_ledger(own.ledger_address) as ledger:
        run_decisions(own, ledger, POLICY, candidates(*rows), customers(*IDS), consent_rows(IDS), as_of)
    house(own, map(point, IDS), audience_of(day), as_of)


def export_small(own: Settings, as_of: datetime) -> None:
    """Answers in, batches out."""
    with open_ledger(own.ledger_address) as ledger:
        read_acks(own, ledger, as_of)
        export_all(own, ledger, [LETTERS, GOOGLE], as_of)


def decide_work(tags: dict[str, str]) -> None:
    """The job up to what is published: whatever has settled is landed, then decided."""
    own = quiet(settings())
    as_of = datetime.fromisoformat(tags[AS_OF_TAG]).astimezone(UTC)
    for path in settled_files(own, WORLD.now):
        WORLD.landed.append(path.name)
        path.unlink()
    decide_small(own, as_of)
    WORLD.decided.append((WORLD.now, as_of, tags.get("dagster/schedule_name")))


def export_work(tags: dict[str, str]) -> None:
    """The job that hands out."""
    export_small(quiet(settings()), datetime.fromisoformat(tags[AS_OF_TAG]).astimezone(UTC))


WORK = {DECIDE: decide_work, EXPORT: export_work}


class TakesItsTime(RunLauncher, ConfigurableClass):
    """Lets a run last for some minutes of the moved clock; :meth:`Daemon.runs` ends it and does its work."""

    def __init__(self, inst_data: Any = None) -> None:
        self._inst_data = inst_data
        super().__init__()

    @property
    def inst_data(self) -> Any:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "TakesItsTime":
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        run = context.dagster_run
        WORLD.running.append((WORLD.now + TAKES[run.job_name], run))
        nights = sum(other.job_name == DECIDE for _, other in WORLD.running)
        WORLD.most_nights_at_once = max(WORLD.most_nights_at_once, nights)
        said(self._instance, run, DagsterEventType.RUN_START)

    def terminate(self, run_id: str) -> bool:
        return False


def said(instance: DagsterInstance, run: Any, what: DagsterEventType) -> None:
    """Let Dagster know how far a run is."""
    instance.report_dagster_event(DagsterEvent(what.value, run.job_name), run.run_id)


def quiet(own: Settings) -> Settings:
    """Nobody is drawn into the holdout: every customer counts."""
    return own.model_copy(update={"holdout_share": 0.0})


@dg.op
def nothing() -> None:
    """The work is done by :class:`TakesItsTime`."""


@dg.job(name=DECIDE, tags=BUILDS)
def decide_job() -> None:
    nothing()


@dg.job(name=EXPORT)
def export_job() -> None:
    nothing()


defs = dg.Definitions(
    jobs=[decide_job, export_job],
    schedules=[every_morning],
    sensors=[landing_sensor.landing_files, exports_sensor.exports_waiting],
)


class _Now(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return WORLD.now


def _destinations() -> Any:
    named = {"letters": LETTERS, "google": GOOGLE}
    files = {name: SimpleNamespace(to_destination=lambda given=given: given) for name, given in named.items()}
    return SimpleNamespace(items=files)


def _now() -> datetime:
    return WORLD.now


def _timestamp() -> float:
    return WORLD.now.timestamp()


@dataclass
class Daemon:
    """Dagster's loops, a minute at a time."""

    process: Any
    instance: DagsterInstance
    times: dict[str, Any] = field(default_factory=dict)
    queue: QueuedRunCoordinatorDaemon = field(default_factory=lambda: QueuedRunCoordinatorDaemon(interval_seconds=5))
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("clockwork"))

    def restart(self) -> None:
        """As after a stop: what it kept in memory is gone."""
        self.times = {}

    def schedules(self) -> None:
        """One pass of the scheduler."""
        for fault in launch_scheduled_runs(self.process, self.logger, WORLD.now, self.times):
            assert fault is None, fault

    def sensors(self) -> None:
        """One pass over the sensors."""
        for fault in execute_sensor_iteration(self.process, self.logger, None, None):
            assert fault is None, fault

    def runs(self) -> None:
        """End what has lasted long enough, and let the queue launch what waits."""
        ended = [run for until, run in WORLD.running if until <= WORLD.now]
        WORLD.running = [(until, run) for until, run in WORLD.running if until > WORLD.now]
        for run in ended:
            WORK[run.job_name](run.tags)
            said(self.instance, run, DagsterEventType.RUN_SUCCESS)
        if self.instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])):
            list(self.queue.run_iteration(self.process))

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing runs."""
        return not WORLD.running


def anything_for_sensors(own: Settings, ledger: Ledger) -> bool:
    """What both sensors ask first. Where it is no, Dagster's pass over them does nothing but write that down."""
    return bool(settled_files(own, WORLD.now)) or waiting_acks(own) or bool(waiting(own, ledger, [LETTERS, GOOGLE]))


@contextmanager
def daemon(folder: Path, start: datetime, *, one_night_at_a_time: bool = True) -> Iterator[Daemon]:
    """Dagster on an instance of its own, schedule and sensors switched on at this moment."""
    WORLD.__init__(start)  # type: ignore[misc]
    own_settings = yaml.safe_load(DAGSTER_YAML)
    if not one_night_at_a_time:
        del own_settings["concurrency"]["runs"]["tag_concurrency_limits"]
    own_settings["run_launcher"] = {"module": __name__, "class": TakesItsTime.__name__}
    target = InProcessWorkspaceLoadTarget(
        InProcessCodeLocationOrigin(
            LoadableTargetOrigin(executable_path=sys.executable, module_name=__name__, attribute="defs"),
            location_name="hoiva",
        )
    )
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(mock.patch("dagster._time._mockable_get_current_datetime", _now))
        enter(mock.patch("dagster._time._mockable_get_current_timestamp", _timestamp))
        enter(mock.patch.object(landing_sensor, "datetime", _Now))
        enter(mock.patch.object(exports_sensor, "datetime", _Now))
        enter(mock.patch.object(exports_sensor, "load_destinations", _destinations))
        instance = enter(instance_for_test(overrides=own_settings, temp_dir=str(folder)))
        process = enter(create_test_daemon_workspace_context(target, instance))
        (location,) = process.create_request_context().get_code_location_entries().values()
        assert location.code_location is not None, location.load_error
        (repository,) = location.code_location.get_repositories().values()
        for schedule in repository.get_schedules():
            instance.start_schedule(schedule)
        for sensor in repository.get_sensors():
            instance.start_sensor(sensor)
        yield Daemon(process, instance)


def deliver(own: Settings, name: str) -> None:
    """A file that a supplier puts into the landing folder now."""
    folder = own.at_home.landing / "shop" / "orders"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    path.write_text("id\n1\n")
    os.utime(path, (WORLD.now.timestamp(),) * 2)
