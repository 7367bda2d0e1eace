"""Several personas on one company's deal: the customers' own, and those their roles make them."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.personas.deals import DealRole, deal_personas
from dagster_project.domain.analytics.personas.personas import Rule, personas
from tests.domain.analytics.making import AS_OF

DECIDES = DealRole("decision_maker", ("decision_maker", "budget_holder"), 0.95)
PEOPLE = pa.table({"customer_id": ["ann", "ben", "cem"], "count_orders": [5, 1, 0]})


def people() -> pa.Table:
    buys = Rule("regular", 0.8, "count_orders > 3", ("count_orders",), pa.array([True, False, False]))
    return personas(PEOPLE, [buys], [], AS_OF).personas


def links(*rows: tuple[str, str, str | None]) -> pa.Table:
    told = [{"deal_id": deal, "company_id": "acme", "customer_id": who, "deal_role": role} for deal, who, role in rows]
    kinds = pa.schema([(name, pa.string()) for name in ("deal_id", "company_id", "customer_id", "deal_role")])
    return pa.Table.from_pylist(told, schema=kinds)


def told(table: pa.Table) -> list[tuple[str, str, str, str]]:
    return [(row["deal_id"], row["customer_id"], row["persona"], row["found_by"]) for row in table.to_pylist()]


def test_one_deal_has_the_personas_of_all_who_are_on_it() -> None:
    rows = deal_personas(links(("d1", "ann", "budget_holder"), ("d1", "ben", None)), people(), [DECIDES], AS_OF)
    assert told(rows) == [
        ("d1", "ann", "decision_maker", "role"),
        ("d1", "ann", "regular", "condition"),
        ("d1", "ben", "unknown", "nothing"),
    ]
    assert rows["evidence"].to_pylist()[:2] == ["budget holder of this deal", "orders 5"]
    assert rows["confidence"].to_pylist() == [0.95, 0.8, 0.0]


def test_who_has_a_role_is_not_unknown_there_and_stays_so_elsewhere() -> None:
    rows = deal_personas(links(("d1", "cem", "decision_maker"), ("d2", "cem", "guest")), people(), [DECIDES], AS_OF)
    assert told(rows) == [("d1", "cem", "decision_maker", "role"), ("d2", "cem", "unknown", "nothing")]


def test_two_roles_of_one_persona_are_one_row() -> None:
    rows = deal_personas(
        links(("d1", "ann", "budget_holder"), ("d1", "ann", "decision_maker")), people(), [DECIDES], AS_OF
    )
    assert [row[2] for row in told(rows)] == ["decision_maker", "regular"]


def test_no_deals_are_an_empty_table() -> None:
    assert deal_personas(links(), people(), [DECIDES], AS_OF).num_rows == 0
    assert deal_personas(links(("d1", "nobody", None)), people(), [DECIDES], AS_OF).num_rows == 0
