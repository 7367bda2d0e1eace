"""Which value of a customer counts: the declared rules as one applies them by hand, in whatever order rows arrive."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.adapters import dbt
from dagster_project.adapters.dbt import DbtFailed
from tests.dbt.unified_rows import Row, at, build_rooms, contact, customer_of, read, shared_home, small_town

TONIGHT = at("03-31")
DAY_0 = datetime(2026, 1, 1)  # noqa: DTZ001 - UTC, as tables keep it
TRUSTED = ("crm", "shop")
RULES: dict[str, Sequence[str]] = {
    "full": ("fullest", "newest"),
    "often": ("most_frequent", "trusted", "newest"),
    "trust": ("trusted", "fullest", "most_frequent", "newest"),
}
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("customer_id", "source_record_id", "source_system", "first_name", "last_name")]
    + [("is_newest", pa.bool_()), ("last_seen_at", pa.timestamp("us"))]
)


@lru_cache
def sql_of(rules: Sequence[str]) -> str:
    declared = [{"trusted": list(TRUSTED)} if rule == "trusted" else rule for rule in rules]
    present = "first_name is not null or last_name is not null"
    columns = ["first_name", "last_name"]
    call = f"values_by_confidence('statements_of_test', 'name', {columns}, '{present}', {declared})"
    return dbt.compiled(shared_home(), "{{ " + call + " }}")


@lru_cache
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def ranked_by_sql(rows: Sequence[Row], rules: Sequence[str]) -> list[Row]:
    engine().register("statements_of_test", pa.Table.from_pylist(list(rows), schema=SCHEMA))
    ranked = engine().execute(f"select * from ({sql_of(rules)}) order by customer_id, confidence_rank")
    return ranked.to_arrow_table().to_pylist()


def ranked_by_hand(rows: Sequence[Row], rules: Sequence[str]) -> list[Row]:
    """The same, said in another way: value by value, key by key."""
    values: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row["first_name"] is not None or row["last_name"] is not None:
            values.setdefault((row["customer_id"], row["first_name"], row["last_name"]), []).append(row)
    by_customer: dict[Any, list[tuple[tuple[Any, ...], Row]]] = {}
    for (customer, first, last), said in values.items():
        now = [row for row in said if row["is_newest"]]
        if not now:
            continue
        trust = {row["source_record_id"]: _trust(row) if "trusted" in rules else 0 for row in now}
        speaks = min(now, key=lambda row: (trust[row["source_record_id"]], -_age(row), row["source_record_id"]))
        last_said = max(row["last_seen_at"] for row in now)
        keys = {
            "fullest": (first is None) + (last is None),
            "most_frequent": -len(now),
            "trusted": trust[speaks["source_record_id"]],
            "newest": -(last_said - DAY_0).total_seconds(),
        }
        told = {
            "customer_id": customer,
            "source_record_id": speaks["source_record_id"],
            "source_system": speaks["source_system"],
            "first_name": first,
            "last_name": last,
            "count_records": len(now),
            "count_sources": len({row["source_system"] for row in now}),
            "first_seen_at": min(row["last_seen_at"] for row in said),
            "last_seen_at": last_said,
        }
        by_customer.setdefault(customer, []).append(
            ((*(keys[rule] for rule in rules), speaks["source_record_id"]), told)
        )
    ranked = []
    for _, found in sorted(by_customer.items()):
        found.sort(key=lambda pair: pair[0])
        for place, (key, told) in enumerate(found):
            ranked.append(told | {"confidence_rank": place + 1, "chosen_by": _chosen_by(place, key, found, rules)})
    return ranked


def _chosen_by(place: int, key: tuple[Any, ...], found: Sequence[Any], rules: Sequence[str]) -> str | None:
    if len(found) == 1:
        return "only_value"
    if place + 1 == len(found):
        return None
    after = found[place + 1][0]
    return next((rule for rule, one, other in zip(rules, key, after, strict=False) if one != other), "record_id")


def _trust(row: Mapping[str, Any]) -> int:
    return TRUSTED.index(row["source_system"]) if row["source_system"] in TRUSTED else len(TRUSTED)


def _age(row: Mapping[str, Any]) -> float:
    seconds: float = (row["last_seen_at"] - DAY_0).total_seconds()
    return seconds


@st.composite
def statements(draw: st.DrawFn) -> list[Row]:
    """Versions of a few records of two customers; the newest of each record is marked."""
    rows: list[Row] = []
    for number in range(draw(st.integers(1, 6))):
        system = draw(st.sampled_from(["crm", "shop", "news"]))
        who = {"customer_id": draw(st.sampled_from("pq")), "source_record_id": f"{system}:{number}"}
        days = sorted(draw(st.sets(st.integers(0, 4), min_size=1, max_size=3)))
        for day in days:
            names = {part: draw(st.sampled_from([None, "Aino", "Eino"])) for part in ("first_name", "last_name")}
            said = {"is_newest": day == days[-1], "last_seen_at": DAY_0 + timedelta(days=day)}
            rows.append({**who, "source_system": system, **names, **said})
    return rows


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=15, deadline=None)
@given(rows=statements(), seed=st.integers(0, 1_000))
def test_the_declared_rules_decide_and_never_the_order_of_arrival(name: str, rows: list[Row], seed: int) -> None:
    hold_against_hand(name, rows, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=400, deadline=None)
@given(rows=statements(), seed=st.integers(0, 1_000))
def test_the_declared_rules_decide_in_hundreds_of_cases(name: str, rows: list[Row], seed: int) -> None:
    hold_against_hand(name, rows, seed)


def hold_against_hand(name: str, rows: list[Row], seed: int) -> None:
    ranked = ranked_by_sql(rows, RULES[name])
    by_hand = ranked_by_hand(rows, RULES[name])
    assert ranked == [{column: row[column] for column in ranked[0]} for row in by_hand] if ranked else not by_hand
    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    assert ranked_by_sql(shuffled, RULES[name]) == ranked


def test_other_rules_choose_another_value() -> None:
    """Negative control: the comparison above can tell rules apart."""
    said = {"customer_id": "p", "is_newest": True, "last_name": "Aalto"}
    rows: list[Row] = [
        {**said, "source_record_id": "crm:1", "source_system": "crm", "first_name": "Aino", "last_seen_at": DAY_0},
        {**said, "source_record_id": "news:1", "source_system": "news", "first_name": None,
         "last_seen_at": DAY_0 + timedelta(days=3)},
    ]  # fmt: skip
    chosen = {name: ranked_by_sql(rows, rules)[0] for name, rules in {**RULES, "new": ("newest",)}.items()}
    assert {name: (row["source_record_id"], row["chosen_by"]) for name, row in chosen.items()} == {
        "full": ("crm:1", "fullest"),
        "often": ("crm:1", "trusted"),
        "trust": ("crm:1", "trusted"),
        "new": ("news:1", "newest"),
    }


def test_a_rule_nobody_knows_stops_the_build() -> None:
    with pytest.raises(DbtFailed):
        sql_of(("nicest",))


def test_a_golden_value_says_where_it_comes_from_and_how_old_it_is() -> None:
    said = {"customer_number": "9", "last_name": "Aalto"}
    rows = [
        contact("hubspot:contact:9", at("01-02"), first_name="Aino", email_raw="old@x.fi", **said),
        contact("hubspot:contact:9", at("02-02"), first_name="Aino", email_raw="new@x.fi", **said),
        contact("mailchimp:member:9", at("03-02"), customer_number="9", email_raw="new@x.fi", last_name="Aalto"),
    ]
    home = build_rooms([*small_town(), *rows], TONIGHT)
    aino = customer_of(home, "hubspot:contact:9")
    golden = {row["attribute_name"]: row for row in read(home, "golden_values", f"customer_id = '{aino}'")}
    assert set(golden) == {"email", "first_name", "last_name"}
    email = golden["email"]
    assert (email["golden_value"], email["source_system"], email["chosen_by"]) == (
        "new@x.fi",
        "mailchimp",
        "only_value",
    )
    assert (email["count_records"], email["count_sources"]) == (2, 2)
    assert (email["first_seen_at"], email["last_seen_at"], email["age_days"]) == (at("02-02"), at("03-02"), 29)
    assert (golden["first_name"]["golden_value"], golden["first_name"]["chosen_by"]) == ("Aino", "fullest")
    assert golden["first_name"]["source_record_id"] == "hubspot:contact:9"
    (point,) = read(home, "contact_points", f"customer_id = '{aino}'")
    assert {name: str(point[name]) for name in golden} == {name: row["golden_value"] for name, row in golden.items()}
