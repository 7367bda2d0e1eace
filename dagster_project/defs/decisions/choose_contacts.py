from collections.abc import Iterator

import dagster as dg

from dagster_project.components.care_model import load_care_models
from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, sized
from dagster_project.settings import settings


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            "candidates",
            deps=["due_actions", "customer_analytics", "consents_current"],
            description="Every action proposed, and what became of it: chosen, or the first rule that stopped it.",
        ),
        dg.AssetSpec("contact_plan", deps=["candidates"], description="The chosen contacts, claimed in the ledger."),
        dg.AssetSpec("funnel", deps=["candidates"], description="Candidates left after each rule, by care model."),
    ],
    pool=WAREHOUSE_POOL,
)
def choose_contacts(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """One place decides: consent, holdout, control group, caps and capacities over all care models together."""
    from dagster_project.adapters.deciding import run_decisions
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.warehouse import open_warehouse

    own, as_of = settings(), as_of_of(context)
    read = load_contact_policy()
    if read.policy is None:
        raise dg.Failure("nothing is decided without a contact policy: " + "; ".join(map(str, read.faults)))
    with open_ledger(own.ledger_address) as ledger, open_warehouse(own) as warehouse:
        decided = run_decisions(
            own,
            ledger,
            read.policy,
            warehouse.read("select * from care_models.due_actions"),
            warehouse.read("select * from analytics.customer_analytics order by customer_id"),
            warehouse.read("select * from customer_360.consents_current"),
            as_of,
            sorted(load_care_models().items),
        )
        tables = {
            "candidates": decided.decisions.candidates,
            "contact_plan": decided.decisions.contact_plan,
            "funnel": decided.decisions.funnel,
        }
        for table, rows in tables.items():
            warehouse.write("decisions", table, rows)
    context.log.info(f"{decided.count_claimed} contacts newly claimed, {decided.count_ended} ended for a complaint")
    yield from (sized(table, rows) for table, rows in tables.items())
