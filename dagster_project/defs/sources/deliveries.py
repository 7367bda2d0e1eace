from datetime import UTC, datetime

import dagster as dg

from dagster_project.adapters.gate import contracts_in, land_waiting
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.starting import end_what_broke_off
from dagster_project.components.running import as_of_of
from dagster_project.settings import settings


@dg.asset(kinds={"python"})
def deliveries(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Takes in what had come to `landing/<source>/<table>/` by the moment asked about, row by row or into quarantine.

    A refused file stops nobody: its sentence is in the ledger, its bytes in the vault's archive.
    """
    with open_ledger(settings().ledger_address) as ledger:
        end_what_broke_off(settings(), ledger)
        landed = land_waiting(settings(), ledger, contracts_in(CONTRACTS), datetime.now(UTC), until=as_of_of(context))
        everything = ledger.deliveries()
    refused = [f"- {d.source}: {d.reason_code}: {d.message}" for d in landed if d.status == "refused"]
    return dg.MaterializeResult(
        metadata={
            "count_files_now": len(landed),
            "count_files_ever": len(everything),
            "count_rows_loaded_now": sum(delivery.count_loaded for delivery in landed),
            "count_rows_quarantined_now": sum(delivery.count_quarantined for delivery in landed),
            "refused": dg.MetadataValue.md("\n".join(refused) or "none"),
        }
    )
