"""Dagster's own folder: its settings, its instance, and what a killed run left claimed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from dagster_project.errors import AtWorkError

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from dagster_project.settings import Settings

RUNNER_TAG = "hoiva/runner"  # tells the runs of `hoiva run`, which its own lock guards, from the daemon's

A_MOMENT = 0.5  # seconds: somebody who only asks whether the lock is held has it for less

DAGSTER_YAML = """\
# Written by Hoiva; your own changes are kept.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1  # the warehouse takes one writer
    granularity: op
  runs:
    max_concurrent_runs: 2
    tag_concurrency_limits:
      - key: hoiva/builds  # two nights at once would read each other's tables; exports run beside
        value: warehouse
        limit: 1
run_monitoring:
  enabled: true
  poll_interval_seconds: 30
  free_slots_after_run_end_seconds: 60
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false  # steps retry by their own policy; a run only when its process died
"""


def prepare(settings: Settings) -> None:
    """Make Dagster's folder with its settings, and point Dagster at it."""
    home = settings.at_home.make()
    file = home.dagster / "dagster.yaml"
    if not file.exists():
        file.write_text(DAGSTER_YAML)
    os.environ["HOIVA_HOME"] = str(home.root)
    os.environ["DAGSTER_HOME"] = str(home.dagster)


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Hold the lock of `hoiva run`: one at a time per home.

    Raises:
        AtWorkError: another one is at work.
    """
    home = settings.at_home.make()
    try:
        with FileLock(home.root / "run.lock", timeout=A_MOMENT):
            yield
    except Timeout:
        raise AtWorkError(f"another `hoiva run` is at work in {home.root.name}: wait for it, or stop it") from None


def is_at_work(settings: Settings) -> bool:
    """Whether somebody holds the lock of :func:`only_run` now."""
    try:
        with FileLock(settings.at_home.make().root / "run.lock", timeout=0):
            return False
    except Timeout:
        return True


def runs_that_build(instance: DagsterInstance, tags: Mapping[str, str]) -> int:
    """How many of the daemon's runs with these tags have not ended; those of `hoiva run` are known by its lock."""
    from dagster import DagsterRunStatus, RunsFilter

    ended = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
    going = RunsFilter(tags=dict(tags), statuses=[status for status in DagsterRunStatus if status not in ended])
    return sum(RUNNER_TAG not in run.tags for run in instance.get_runs(going))


def free_what_dead_runs_hold(instance: DagsterInstance) -> int:
    """Free pool slots that killed runs still claim; the number of runs freed. Call it under :func:`only_run`.

    A slot stays claimed after ``kill -9`` and the next run would wait for ever. Runs of `hoiva run` are dead when
    its lock is ours; runs of the daemon are left to Dagster's run monitoring unless they have ended.
    """
    from dagster import DagsterRunStatus

    storage = instance.event_log_storage
    ended = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
    freed = 0
    for run_id in storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        if run is None or run.status in ended or RUNNER_TAG in run.tags:
            storage.free_concurrency_slots_for_run(run_id)
            freed += 1
            if run is not None and run.status not in ended:
                instance.report_run_failed(run, "its process was gone when the next `hoiva run` began")
    return freed
