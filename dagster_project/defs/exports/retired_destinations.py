import dagster as dg

from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.transports.deliver import deliver_destination
from dagster_project.components.destination import load_destinations
from dagster_project.components.retired import retired
from dagster_project.components.running import as_of_of
from dagster_project.settings import settings


@dg.asset(deps=["published", "acknowledgements"], kinds={"python"})
def retired_destinations(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Destinations whose file is gone and that still hold customers: whoever withdraws is removed there too."""
    count_removed = 0
    with open_ledger(settings().ledger_address) as ledger:
        found = retired(ledger, load_destinations().items)
        for destination in found:
            count_held = ledger.count_members(destination.name)
            batch = export_destination(settings(), ledger, destination, as_of_of(context))
            deliver_destination(settings(), ledger, destination, as_of_of(context))
            count_removed += 0 if batch is None else count_held - ledger.count_members(destination.name)
    return dg.MaterializeResult(metadata={"count_destinations": len(found), "count_removed": count_removed})
