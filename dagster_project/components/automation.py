"""When things run by themselves: each condition, schedule and sensor has a name that says why."""

import dagster as dg

from dagster_project.settings import settings

# Pages and documents may wait until the day's run is over: nobody acts on them within the minute.
REFRESH_ONCE_ITS_SOURCE_IS_NEW = dg.AutomationCondition.eager().with_label("refresh once its source is new")

# Twenty past five in the business zone: after the night's deliveries, before the shops open, and outside
# 03:00-04:00, which daylight saving skips in March and repeats in October.
BEFORE_THE_SHOPS_OPEN = "20 5 * * *"

# Mornings that are made up for after the daemon was down, the last one included: what an older one would have said has
# expired by then.
MOST_MISSED = 7

# How often a sensor looks, in seconds: a dropped file should lead to a batch within about a minute.
LOOK_EVERY = 15

# Names of the jobs that definitions.py makes.
DAY = "day"  # everything once, from landed files to batches: `hoiva run`
DECIDE = "decide"  # everything up to what is published: the schedule and the landing sensor
EXPORT = "export"  # what waits in the ledger becomes batches: the export sensor

ERASE = "erase"  # erasures that waited or broke off go on: the erasure sensor

# Of every run that rebuilds the warehouse. Dagster's settings (adapters/dagster_home.py) let one of them run at a time:
# steps of two nights in turn, each as of its own moment, would decide one day by another day's tables.
BUILDS = {"hoiva/builds": "warehouse"}


def sensor_status() -> dg.DefaultSensorStatus:
    """Sensors start by themselves only where somebody asked for it (``make dev``, ``HOIVA_UNATTENDED=true``)."""
    return dg.DefaultSensorStatus.RUNNING if settings().unattended else dg.DefaultSensorStatus.STOPPED


def schedule_status() -> dg.DefaultScheduleStatus:
    """Schedules likewise."""
    return dg.DefaultScheduleStatus.RUNNING if settings().unattended else dg.DefaultScheduleStatus.STOPPED
