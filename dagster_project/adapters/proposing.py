"""What the actions of the catalogue propose in one run, with what was learned from earlier contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.conditions import ConditionError
from dagster_project.domain.decisions.actions import had_lately, proposed, with_next_products
from dagster_project.domain.decisions.catalogue import CatalogueAction
from dagster_project.domain.decisions.propensity import by_key, learn

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.warehouse import Warehouse
    from dagster_project.settings import Settings

# The first product each customer is likely to want next, as conditions of actions know it.
NEXT_PRODUCTS = """
select
    lists.customer_id,
    lists.product_id as next_product_id,
    lists.because as next_product_because,
    lists.quality as next_product_hit_rate,
    products.unit_price as next_product_amount
from analytics.next_products as lists
left join customer_360.current_products as products on lists.product_id = products.product_id
where lists.position = 1
order by lists.customer_id
"""


@dataclass(frozen=True)
class Proposing:
    """The tables of the catalogue in one run, and the actions that could not be asked."""

    proposed_actions: pa.Table  # CANDIDATE_SCHEMA
    not_eligible: pa.Table  # NOT_ELIGIBLE
    propensities: pa.Table  # PROPENSITIES
    faults: list[str]


def propose(
    settings: Settings,
    ledger: Ledger,
    actions: Mapping[str, CatalogueAction],
    customers: pa.Table,
    responses: pa.Table,
    as_of: datetime,
    next_products: pa.Table | None = None,
    departments: Mapping[str, str] | None = None,
) -> Proposing:
    """What the catalogue proposes as of a moment. An action that cannot be asked stops itself alone.

    Args:
        settings: for the business zone.
        ledger: knows the contacts made so far.
        actions: of the catalogue, by name.
        customers: ``customer_analytics`` as of this moment.
        responses: contact_id, response, occurred_at, known_at.
        as_of: the moment, with its zone.
        next_products: of :func:`read_next_products`; without it nobody has a next product.
        departments: of the care models, by name.
    """
    contacts = ledger.contacts()
    known = learn(contacts, responses, as_of, actions.values(), departments)
    people = with_next_products(customers, next_products)
    asking, faults, found = dict(sorted(actions.items())), [], None
    lately = had_lately(actions.values(), contacts, as_of, settings.zone)
    while found is None:
        try:
            found = proposed(
                asking.values(), people, as_of, settings.zone, evaluate, by_key(known), lately, settings.holdout_salt
            )  # fmt: skip
        except ConditionError as error:
            faults.append(str(error))
            del asking[str(error).partition(".")[0]]  # the message begins with action.condition
    return Proposing(found.candidates, found.not_eligible, known, faults)


def read_next_products(warehouse: Warehouse) -> pa.Table | None:
    """The first of everybody's next products; None before the analytics have made any."""
    made = warehouse.has("analytics", "next_products") and warehouse.has("customer_360", "current_products")
    return warehouse.read(NEXT_PRODUCTS) if made else None
