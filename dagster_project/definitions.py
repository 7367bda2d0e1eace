"""The front door: everything under ``defs/``, the jobs over it, and how runs are executed."""

import dagster as dg

import dagster_project  # noqa: F401  (telemetry off before anything else)
from dagster_project.adapters.boundary import install
from dagster_project.components.automation import BUILDS, DAY, DECIDE, EXPORT
from dagster_project.settings import CHECKOUT

install()  # no error or log line of a step carries a customer's data
EXPORTS = dg.AssetSelection.groups("exports") - dg.AssetSelection.assets("published", "data_docs")
EVERYTHING = dg.AssetSelection.all()
ALL_AND_CHECKS = EVERYTHING | dg.AssetSelection.all_asset_checks()


@dg.definitions
def defs() -> dg.Definitions:
    """All rooms, each loaded from its folder; steps run in the run's own process, one after another."""
    jobs = [
        dg.define_asset_job(DAY, ALL_AND_CHECKS, tags=BUILDS, description="Everything once."),
        dg.define_asset_job(
            DECIDE, EVERYTHING - EXPORTS, tags=BUILDS, description="From landed files to what is published."
        ),
        dg.define_asset_job(EXPORT, EXPORTS, description="What waits in the ledger becomes batches in the outbox."),
    ]
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=CHECKOUT),
        dg.Definitions(jobs=jobs, executor=dg.in_process_executor),
    )
