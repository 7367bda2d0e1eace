from datetime import UTC, datetime

import dagster as dg

from dagster_project.components.automation import BEFORE_THE_SHOPS_OPEN, DECIDE, MOST_MISSED, schedule_status
from dagster_project.components.running import AS_OF_TAG
from dagster_project.domain.clock import same_hour_since
from dagster_project.settings import settings

NAME = "every_morning"


@dg.schedule(
    name=NAME,
    job_name=DECIDE,
    cron_schedule=BEFORE_THE_SHOPS_OPEN,
    execution_timezone=settings().business_zone,
    default_status=schedule_status(),
)
def every_morning(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """Decides once a day, before the shops open, as of the moment it was due, however late the tick.

    Dagster evaluates only the last of several ticks it missed; the mornings before it are asked for here, oldest first.
    """
    due = context.scheduled_execution_time.astimezone(UTC)
    moments = same_hour_since(_last(context.instance), due, settings().zone, MOST_MISSED)
    return [dg.RunRequest(run_key=moment.isoformat(), tags={AS_OF_TAG: moment.isoformat()}) for moment in moments]


def _last(instance: dg.DagsterInstance) -> datetime | None:
    """The newest morning this schedule asked for; None before the first."""
    asked = instance.get_runs(dg.RunsFilter(tags={"dagster/schedule_name": NAME}), limit=MOST_MISSED)
    return max((datetime.fromisoformat(run.tags[AS_OF_TAG]) for run in asked), default=None)
