"""Runs a Dagster job in this process, with a progress bar when a person waits."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.dagster_home import RUNNER_TAG, free_what_dead_runs_hold, only_run, prepare
from dagster_project.adapters.redaction import redact

if TYPE_CHECKING:
    from dagster_project.settings import Settings


@dataclass
class JobOutcome:
    """How a run ended: its steps' seconds, the checks that failed, and the steps that did."""

    run_id: str
    success: bool
    step_seconds: dict[str, float] = field(default_factory=dict)
    step_cpu_seconds: dict[str, float] = field(default_factory=dict)
    failed_steps: dict[str, str] = field(default_factory=dict)
    failed_checks: list[str] = field(default_factory=list)
    skipped_steps: list[str] = field(default_factory=list)


def run_job(
    settings: Settings,
    job_name: str,
    as_of: datetime,
    on_step: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> JobOutcome:
    """Run one job as of a moment, in this process, under the lock that allows one at a time.

    Args:
        settings: whose home to run in.
        job_name: ``daily`` or ``export``.
        as_of: the moment asked about, UTC.
        on_step: called when a step starts, with its name, how many are done, and how many there are.

    Raises:
        HoivaError: another run is at work in this home.
    """
    import time

    import dagster as dg

    from dagster_project.adapters.dagster_events import events_held_open
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.starting import end_what_broke_off

    prepare(settings)
    from dagster_project.definitions import defs

    with only_run(settings), dg.DagsterInstance.get() as instance, events_held_open(instance):
        free_what_dead_runs_hold(instance)
        with open_ledger(settings.ledger_address) as ledger:
            end_what_broke_off(settings, ledger)
        job = defs().resolve_job_def(job_name)
        outcome = JobOutcome(run_id=str(uuid.uuid4()), success=False)
        total = len(job.graph.node_defs)
        cpu_at_start: dict[str, float] = {}

        def listen(entry: Any) -> None:
            event = entry.dagster_event
            if event is None or event.step_key is None:
                return
            step = event.step_key
            kind = event.event_type
            if kind == dg.DagsterEventType.STEP_START:
                cpu_at_start[step] = time.process_time()
                on_step(step, len(outcome.step_seconds) + len(outcome.failed_steps), total)
            elif kind == dg.DagsterEventType.STEP_SUCCESS:
                outcome.step_seconds[step] = event.step_success_data.duration_ms / 1000
                outcome.step_cpu_seconds[step] = time.process_time() - cpu_at_start.get(step, time.process_time())
            elif kind == dg.DagsterEventType.STEP_FAILURE:
                error = event.step_failure_data.error
                cause = error.cause if error and error.cause else error
                outcome.failed_steps[step] = redact(cause.message if cause else "failed")
            elif kind == dg.DagsterEventType.STEP_SKIPPED:
                outcome.skipped_steps.append(step)
            elif kind == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                check = event.event_specific_data
                if not check.passed:
                    outcome.failed_checks.append(f"{check.asset_key.to_user_string()}: {check.check_name}")

        instance.add_event_listener(outcome.run_id, listen)
        result = job.execute_in_process(
            instance=instance,
            run_id=outcome.run_id,
            raise_on_error=False,
            tags={"hoiva/as_of": as_of.astimezone(UTC).isoformat(), RUNNER_TAG: "cli"},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        outcome.success = result.success
    _tell_health(settings, job_name, as_of, outcome)
    return outcome


def _tell_health(settings: Settings, job_name: str, as_of: datetime, outcome: JobOutcome) -> None:
    from dagster_project.adapters.health import write_health
    from dagster_project.adapters.ledger import open_ledger

    run = {"run_id": outcome.run_id, "job": job_name, "as_of": as_of.isoformat(), "success": outcome.success}
    with open_ledger(settings.ledger_address) as ledger:
        write_health(settings, ledger, as_of, run)
