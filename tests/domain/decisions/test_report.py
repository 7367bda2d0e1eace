"""The page of the decisions: its numbers are those of the tables, and tables that do not sum are noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from dagster_project.adapters.decisions_report import decisions_report_of
from dagster_project.domain.decisions.decide import Decisions
from dagster_project.domain.decisions.explained import check_sums
from dagster_project.domain.decisions.policy import Cap
from dagster_project.domain.decisions.volume import VolumeConstraint
from dagster_project.domain.pages import Figure, Numbers, Page, render
from dagster_project.errors import HoivaError
from tests.domain.decisions.builders import FREE, HELSINKI, NOON, candidate, consents, decided

TABLES = ("candidates", "contact_plan", "funnel", "constraint_use", "comparison", "displacements")
SCARCE = replace(
    FREE,
    channels=FREE.channels | {"phone": replace(FREE.channels["phone"], daily_capacity=3)},
    caps=(Cap("weekly", 1, 7),),
    per_customer_per_day=1,
    volumes=(
        VolumeConstraint("budget", "cost", "month", Decimal("0.05"), of={"department": frozenset({"shops"})}),
        VolumeConstraint("all_contacts", "contacts", "day", Decimal(4), report_only=True),
        VolumeConstraint("letters", "contacts", "all", least=Decimal(2), of={"care_model": frozenset({"news"})}),
    ),
)
PEOPLE = [f"c{number:02d}" for number in range(12)]


def run(**given: Any) -> Decisions:
    """Three departments want the same twelve people."""
    rows = [
        candidate(one, care_model=model, department=department, channel=channel, value=2.0 + place * 7 % 5 + extra)
        for model, department, channel, extra in (
            ("news", "marketing", "email", 0), ("visit", "shops", "email", 1), ("call", "service", "phone", 3),
        )
        for place, one in enumerate(PEOPLE)
    ]  # fmt: skip
    return decided(*rows, policy=SCARCE, allowed=consents(*PEOPLE[1:]), **given)


def page_of(decisions: Decisions) -> Page:
    connection = duckdb.connect()
    connection.execute("create schema decisions")
    for name in TABLES:
        connection.register("rows", getattr(decisions, name))
        connection.execute(f"create table decisions.{name} as select * from rows")
    return decisions_report_of(lambda sql: connection.execute(sql).to_arrow_table(), NOON.replace(tzinfo=UTC))


def block(page: Page, title: str) -> Figure | Numbers:
    return next(one for section in page.sections for one in section.blocks if one.title == title)


def test_the_page_tells_what_the_tables_tell() -> None:
    decisions = run()
    page = page_of(decisions)
    headline = dict(page.headline)
    assert headline["proposals"] == 36
    assert headline["contacts planned"] == decisions.contact_plan.num_rows == headline["customers met"]
    assert headline["worth, expected"] == pytest.approx(sum(decisions.contact_plan["score"].to_pylist()))
    limits = block(page, "Every limit and promise")
    assert isinstance(limits, Numbers)
    by_name = {str(row[0]): row for row in limits.rows}
    assert by_name["phone, 2026-03-02"][2:6] == [3, "–", 0, 3]
    assert by_name["all contacts, 2026-03-02"][-1] == "only measured"
    assert by_name["letters"][3] == 2
    assert isinstance(by_name["phone, 2026-03-02"][6], float)
    assert "would bring" in page.sections[1].told
    ways = block(page, "Three ways")
    assert isinstance(ways, Numbers)
    assert [row[0] for row in ways.rows] == ["the plan", "best score first", "each department alone"]
    assert ways.rows[0][4] == 0 < ways.rows[2][4]
    assert ways.rows[0][5] == 1 < ways.rows[2][5]


def test_nobody_is_named_on_the_page() -> None:
    html = render(page_of(run()), HELSINKI)
    assert not [one for one in PEOPLE if f">{one}<" in html or f" {one} " in html]
    assert "From all proposals to the plan" in html


def test_a_run_without_proposals_has_a_page() -> None:
    page = page_of(decided())
    assert dict(page.headline)["proposals"] == 0
    assert render(page, HELSINKI)


def test_the_plan_is_worth_no_less_than_greed_and_silos_send_more_than_they_may() -> None:
    rows = run().comparison.to_pylist()
    worth = {way: sum(row["value"] for row in rows if row["way"] == way) for way in ("chosen", "greedy")}
    assert worth["chosen"] >= worth["greedy"] * 0.999 - 5  # the minimum of two letters may cost a little
    sent = {way: sum(row["count_contacts"] for row in rows if row["way"] == way) for way in ("chosen", "silos")}
    over = sum(row["count_over_cap"] for row in rows)
    assert sent["silos"] > sent["chosen"] >= sent["silos"] - over, "what may be of the silos' contacts is no more"


def test_explanations_sum_to_the_funnel() -> None:
    told = run()
    check_sums(*(getattr(told, name) for name in TABLES))


def _shortened(table: pa.Table) -> pa.Table:
    return table.slice(1)


def _raised(table: pa.Table, column: str, place: int = 0) -> pa.Table:
    values = table[column].to_pylist()
    values[place] += 1
    number = table.schema.get_field_index(column)
    return table.set_column(number, table.schema.field(number), pa.array(values, table.schema.field(number).type))


BROKEN = {
    "a candidate lost": ("candidates", lambda told: _shortened(told.candidates.sort_by([("stopped_by", "ascending")]))),
    "a displacement lost": ("displacements", lambda told: _shortened(told.displacements)),
    "a contact more than planned": ("comparison", lambda told: _raised(told.comparison, "count_contacts")),
    "a use that nobody made": (
        "constraint_use",
        lambda told: _raised(told.constraint_use, "used", told.constraint_use["constraint"].to_pylist().index("phone")),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_table_that_does_not_sum_is_noticed(what: str) -> None:
    told = run()
    name, broken = BROKEN[what]
    tables = {table: getattr(told, table) for table in TABLES} | {name: broken(told)}
    with pytest.raises(HoivaError, match=name):
        check_sums(*(tables[table] for table in TABLES))
