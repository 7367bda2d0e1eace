from collections.abc import Iterator

import dagster as dg

from dagster_project.components.action import catalogue
from dagster_project.components.care_model import load_care_models
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, sized
from dagster_project.settings import settings

TABLES = {
    "proposed_actions": "What the actions of the catalogue propose now, beside the care models.",
    "not_eligible": "How many candidates each action has none for, as it is not for them.",
    "propensities": "How often contacts of each kind are answered, as far as that is known.",
}
KNOWN_FROM = ("customer_analytics", "next_products", "current_products", "answers")
CAN_BE_ASKED = "every_action_can_be_asked"


@dg.multi_asset(
    specs=[dg.AssetSpec(name, deps=KNOWN_FROM, description=about) for name, about in TABLES.items()],
    check_specs=[dg.AssetCheckSpec(CAN_BE_ASKED, asset="proposed_actions", blocking=False)],
    pool=WAREHOUSE_POOL,
)
def propose_actions(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Every action of the catalogue, asked of every customer, with propensities learned from what came back."""
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.proposing import propose, read_next_products
    from dagster_project.adapters.warehouse import open_warehouse

    own = settings()
    departments = {name: model.as_model().department for name, model in load_care_models().items.items()}
    with open_ledger(own.ledger_address) as ledger, open_warehouse(own) as warehouse:
        customers = warehouse.read("select * from analytics.customer_analytics order by customer_id")
        answers = warehouse.read("select * from care_models.answers")
        following = read_next_products(warehouse)
        found = propose(own, ledger, catalogue(), customers, answers, as_of_of(context), following, departments)
        for table in TABLES:
            warehouse.write("decisions", table, getattr(found, table))
    yield sized("proposed_actions", found.proposed_actions)._replace(
        check_results=[
            dg.AssetCheckResult(
                asset_key="proposed_actions",
                check_name=CAN_BE_ASKED,
                passed=not found.faults,
                severity=dg.AssetCheckSeverity.WARN,
                description="; ".join(found.faults) or "every action of the catalogue was asked",
            )
        ]
    )
    yield sized("not_eligible", found.not_eligible)
    yield sized("propensities", found.propensities)
