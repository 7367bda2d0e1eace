import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of
from dagster_project.settings import settings


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_aliases"], kinds={"python"})
def identity_changes(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Every record whose customer became another one: born, joined, merged, split, moved or gone, run by run."""
    from dagster_project.adapters.following import follow_identities

    return dg.MaterializeResult(metadata=follow_identities(settings(), as_of_of(context)))
