from datetime import UTC, datetime

import dagster as dg

from dagster_project.adapters.gate import facts_of, settled_files
from dagster_project.components.automation import DECIDE, LOOK_EVERY, sensor_status
from dagster_project.components.running import AS_OF_TAG, fingerprint
from dagster_project.settings import settings


@dg.sensor(
    job_name=DECIDE,
    minimum_interval_seconds=LOOK_EVERY,
    default_status=sensor_status(),
    description="Starts a run when files in landing/<source>/<table>/ have settled. The same files start one run.",
)
def landing_files(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run for all files that have settled; its first step lands them."""
    now = datetime.now(UTC)
    waiting = settled_files(settings(), now)
    if not waiting:
        return dg.SkipReason("nothing has settled in landing/")
    # A file is known by its place, size and time: the same name dropped again later is another file.
    facts = [f"{path}|{found.st_size}|{found.st_mtime_ns}" for path, found in facts_of(waiting)]
    return dg.RunRequest(run_key=fingerprint(facts), tags={AS_OF_TAG: now.isoformat()})
