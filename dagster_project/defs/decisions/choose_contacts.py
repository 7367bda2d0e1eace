from collections.abc import Iterator

import dagster as dg

from dagster_project.components.action import catalogue
from dagster_project.components.care_model import load_care_models
from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, sized
from dagster_project.settings import settings

TABLES = {
    "candidates": "Every action proposed, and what became of it: chosen, or the first rule that stopped it.",
    "contact_plan": "The chosen contacts, claimed in the ledger.",
    "funnel": "Candidates left after each rule, by department and care model.",
    "constraint_use": "What is scarce: what was used of it, and what one more would be worth.",
    "comparison": "The plan beside greed and beside departments that decide alone.",
    "displacements": "Who gave way to whom.",
}
KNOWN_FROM = (
    "due_actions",
    "proposed_actions",
    "not_eligible",
    "customer_analytics",
    "consents_current",
    "households",
    "answers",
)


@dg.multi_asset(
    specs=[
        dg.AssetSpec(name, deps=KNOWN_FROM if name == "candidates" else ["candidates"], description=about)
        for name, about in TABLES.items()
    ],
    pool=WAREHOUSE_POOL,
)
def choose_contacts(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """One place decides over all proposals together: consent, holdout, contact policy and everything scarce."""
    from dagster_project.adapters.deciding import run_decisions
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.warehouse import open_warehouse
    from dagster_project.adapters.withdrawing import withdraw_blocked
    from dagster_project.domain.decisions.actions import all_candidates
    from dagster_project.domain.decisions.catalogue import with_actions

    own, as_of = settings(), as_of_of(context)
    read, actions = load_contact_policy(), catalogue()
    if read.policy is None:
        raise dg.Failure("nothing is decided without a contact policy: " + "; ".join(map(str, read.faults)))
    departments = {name: model.as_model().department for name, model in sorted(load_care_models().items.items())}
    with open_ledger(own.ledger_address) as ledger, open_warehouse(own) as warehouse:
        of_homes = warehouse.read("select customer_id, household_id from customer_360.households")
        ledger.follow_households(of_homes, as_of)
        decided = run_decisions(
            own,
            ledger,
            with_actions(read.policy, actions.values()),
            all_candidates(
                warehouse.read("select * from care_models.due_actions"),
                warehouse.read("select * from decisions.proposed_actions"),
            ),
            warehouse.read("select * from analytics.customer_analytics order by customer_id"),
            warehouse.read("select * from customer_360.consents_current"),
            as_of,
            departments | {name: action.department for name, action in actions.items()},
            never=warehouse.read("select * from decisions.not_eligible"),
            responses=warehouse.read("select * from care_models.answers"),
        )
        # Who may not be contacted any more as of this run leaves every batch that nobody has taken.
        withdraw_blocked(own, ledger, as_of)
        tables = {name: getattr(decided.decisions, name) for name in TABLES}
        for table, rows in tables.items():
            warehouse.write("decisions", table, rows)
    context.log.info(
        f"{decided.count_claimed} contacts newly claimed, {decided.count_ended} ended for a complaint,"
        f" {decided.count_expired} given back unused; worth {decided.decisions.value:.2f},"
        f" at most {decided.decisions.bound:.2f} were possible"
    )
    yield from (sized(table, rows) for table, rows in tables.items())
