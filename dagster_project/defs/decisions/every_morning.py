from datetime import UTC

import dagster as dg

from dagster_project.components.automation import BEFORE_THE_SHOPS_OPEN, DECIDE, schedule_status
from dagster_project.components.running import AS_OF_TAG
from dagster_project.settings import settings


@dg.schedule(
    job_name=DECIDE,
    cron_schedule=BEFORE_THE_SHOPS_OPEN,
    execution_timezone=settings().business_zone,
    default_status=schedule_status(),
)
def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Decides once a day, before the shops open, as of the moment it was due, however late the tick."""
    due = context.scheduled_execution_time.astimezone(UTC)
    return dg.RunRequest(run_key=due.isoformat(), tags={AS_OF_TAG: due.isoformat()})
