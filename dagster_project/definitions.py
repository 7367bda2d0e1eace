"""The front door: everything under ``defs/``, the jobs over it, and how runs are executed."""

import dagster as dg

import dagster_project  # noqa: F401  (telemetry off before anything else)
from dagster_project.settings import CHECKOUT


@dg.definitions
def defs() -> dg.Definitions:
    """All rooms, each loaded from its folder; steps run in the run's own process, one after another."""
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=CHECKOUT),
        dg.Definitions(executor=dg.in_process_executor),
    )
