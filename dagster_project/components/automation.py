"""When things run by themselves: each condition and schedule has a name that says why."""

from __future__ import annotations

import dagster as dg

# Pages and documents may wait until the day's run is over: nobody acts on them within the minute.
REFRESH_ONCE_ITS_SOURCE_IS_NEW = dg.AutomationCondition.eager().with_label("refresh once its source is new")

# Twenty past five in the business zone: after the night's deliveries, before the shops open, and outside
# 03:00-04:00, which daylight saving skips in March and repeats in October.
BEFORE_THE_SHOPS_OPEN = "20 5 * * *"

# How often a sensor looks, in seconds: a dropped file should lead to a batch within about a minute.
LOOK_EVERY = 15
