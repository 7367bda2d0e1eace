import dagster as dg

from dagster_project.adapters.health import write_health
from dagster_project.adapters.ledger import open_ledger
from dagster_project.components.alarms import ALARMS, check_of
from dagster_project.components.destination import load_destinations
from dagster_project.components.running import as_of_of
from dagster_project.settings import settings


@dg.asset(
    deps=["published", "acknowledgements", *sorted(load_destinations().items)],
    check_specs=[dg.AssetCheckSpec(name, asset="health", blocking=False) for name in ALARMS],
    kinds={"json"},
)
def health(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """How the house is, for whatever watches it: `health.json`; its checks are the alarms."""
    with open_ledger(settings().ledger_address) as ledger:
        told = write_health(settings(), ledger, as_of_of(context))
    return dg.MaterializeResult(
        metadata={"status": told["status"], "count_alarms": len(told["alarms"])},
        check_results=[check_of(name, told["alarms"]) for name in ALARMS],
    )
