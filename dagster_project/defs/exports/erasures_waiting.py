from datetime import UTC, datetime

import dagster as dg

from dagster_project.adapters.dagster_home import is_at_work, runs_that_build
from dagster_project.components.automation import BUILDS, ERASE, LOOK_EVERY, sensor_status
from dagster_project.components.erasing import erasures_not_ended, go_on_with_erasures
from dagster_project.components.running import WAREHOUSE_POOL, fingerprint
from dagster_project.domain.erasure.receipt import TITLES
from dagster_project.settings import settings


@dg.op(pool=WAREHOUSE_POOL, tags={"owner": "team:operations"})
def erasures(context: dg.OpExecutionContext) -> None:
    """Go on with the erasures that can; where another process holds the home, leave them to a later run."""
    told = go_on_with_erasures(
        settings(), datetime.now(UTC), lambda step: context.log.info(f"{step}: {TITLES.get(step, step)}")
    )
    context.add_output_metadata(dict(told))


@dg.job(name=ERASE, tags=BUILDS, executor_def=dg.in_process_executor)
def erase() -> None:
    """Erasures that waited for a destination, or broke off, go on: `hoiva erase --resume`."""
    erasures()


@dg.sensor(
    job_name=ERASE,
    minimum_interval_seconds=LOOK_EVERY,
    default_status=sensor_status(),
    description="Goes on with erasures that waited until a destination had taken the order to let go, or broke off.",
)
def erasures_waiting(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run when something can be done; the same again after an hour at the earliest, if nothing has changed."""
    found = erasures_not_ended(settings())
    ready = [one for one in found if not one.waits_for]
    if not ready:
        reasons = {f"{name}: {why}" for one in found for name, why in one.waits_for.items()}
        return dg.SkipReason("; ".join(sorted(reasons)) or "no erasure waits")
    if is_at_work(settings()) or runs_that_build(context.instance, BUILDS):
        return dg.SkipReason("an erasure can go on, once the run that is at work has ended")
    hour = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    return dg.RunRequest(run_key=fingerprint([hour, *(fact for one in ready for fact in one.facts)]))
