import dagster as dg

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.transports.answers import fetch_answers
from dagster_project.components.destination import destinations
from dagster_project.settings import settings


@dg.asset(kinds={"python"})
def acknowledgements() -> dg.MaterializeResult:
    """What receiving tools said of their batches in `acks/<destination>/<batch_id>.json`, each taken once.

    Those that tools leave on an SFTP server or in a bucket are fetched first."""
    with open_ledger(settings().ledger_address) as ledger:
        fetched = fetch_answers(settings(), ledger, destinations())
        taken = read_acks(settings(), ledger)
    return dg.MaterializeResult(metadata={"count_fetched": fetched, "count_taken": len(taken)})
