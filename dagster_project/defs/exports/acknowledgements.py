import dagster as dg

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.ledger import open_ledger
from dagster_project.settings import settings


@dg.asset(kinds={"python"})
def acknowledgements() -> dg.MaterializeResult:
    """What receiving tools said of their batches in `acks/<destination>/<batch_id>.json`, each taken once."""
    with open_ledger(settings().ledger_address) as ledger:
        taken = read_acks(settings(), ledger)
    return dg.MaterializeResult(metadata={"count_taken": len(taken)})
