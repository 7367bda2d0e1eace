"""Exact keys join, limits hold back, and the order of arrival never matters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.identity.clusters import KIND_ORDER, NUMBER_KINDS, SHARED_LIMIT, resolve

SALT = "a salt of tests"


class Key(NamedTuple):
    record: str
    kind: str
    value: str
    seen: int


def table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> pa.Table:
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})


def resolved(records: Sequence[tuple[str, int]], keys: Sequence[Key]) -> tuple[set[frozenset[str]], list[dict]]:
    """The groups of records, and the held pairs."""
    nodes = table(
        ["source_record_id", "is_cookie", "first_seen_at"], [(name, "cookie" in name, seen) for name, seen in records]
    )
    names = ["source_record_id", "identifier_kind", "identifier_value", "first_occurred_at"]
    edges = table(names, keys) if keys else table(names, [("x", "email", "x", 1)]).slice(0, 0)
    found = resolve(nodes, edges, SALT)
    groups: dict[str, set[str]] = {}
    for row in found.clusters.to_pylist():
        groups.setdefault(row["customer_id"], set()).add(row["source_record_id"])
    return {frozenset(group) for group in groups.values()}, found.held_matches.to_pylist()


def oracle(records: Sequence[tuple[str, int]], keys: Sequence[Key]) -> set[frozenset[str]]:
    """The rules as one reads them, edge by edge over everything, without graphs or integers."""

    def end_of(key: Key) -> tuple[str, str]:
        return ("number" if key.kind in NUMBER_KINDS else key.kind, key.value)

    parts: list[set] = [{name} for name, _ in records] + [{end_of(key)} for key in keys]
    seniority = [row[2] for row in sorted(("cookie" in name, seen, name) for name, seen in records)]

    def logins(record: str) -> int:
        return len({key.value for key in keys if key.record == record and key.kind in NUMBER_KINDS})

    def sharers(one: Key) -> int:
        return len({key.record for key in keys if (key.kind, key.value) == (one.kind, one.value)})

    def seen(one: Key) -> int:
        return min(key.seen for key in keys if (key.kind, key.value) == (one.kind, one.value))

    for key in sorted(keys, key=lambda k: (KIND_ORDER[k.kind], seen(k), k.value, k.seen, seniority.index(k.record))):
        number = key.kind in NUMBER_KINDS
        if ("cookie" in key.record and logins(key.record) > 1) or (not number and sharers(key) > SHARED_LIMIT):
            continue
        joined = set().union(*(part for part in parts if key.record in part or end_of(key) in part))
        if len({member for member in joined if isinstance(member, tuple) and member[0] == "number"}) > 1:
            continue
        parts = [part for part in parts if not part & joined] + [joined]
    names = {name for name, _ in records}
    return {frozenset(part & names) for part in parts if part & names}


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[tuple[str, int]], list[Key]]:
    """A few records that share keys far more often than life would have it."""
    count = draw(st.integers(1, 9))
    names = [f"{'cookie' if at % 3 == 0 and draw(st.booleans()) else 'crm'}:{at}" for at in range(count)]
    records = [(name, draw(st.integers(1, 3))) for name in names]
    keys = set()
    for name, _ in records:
        kinds = ["cookie_login"] if "cookie" in name else ["customer_number", "email", "phone"]
        for _ in range(draw(st.integers(0, 3))):
            keys.add(Key(name, draw(st.sampled_from(kinds)), draw(st.sampled_from("123")), draw(st.integers(1, 3))))
    unique = {(key.record, key.kind, key.value): key for key in sorted(keys)}
    return records, list(unique.values())


@settings(max_examples=150, deadline=None)
@given(towns())
def test_the_graph_finds_what_the_rules_say(town: tuple[list[tuple[str, int]], list[Key]]) -> None:
    records, keys = town
    assert resolved(records, keys)[0] == oracle(records, keys)


@settings(max_examples=75, deadline=None)
@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(
    town: tuple[list[tuple[str, int]], list[Key]], chance: random.Random
) -> None:
    records, keys = town
    before = resolved(records, keys)
    chance.shuffle(records)
    chance.shuffle(keys)
    assert resolved(records, keys) == before


@settings(max_examples=75, deadline=None)
@given(towns())
def test_no_group_holds_two_customer_numbers(town: tuple[list[tuple[str, int]], list[Key]]) -> None:
    records, keys = town
    first_number = {key.record: key for key in reversed(keys) if key.kind == "customer_number"}
    keys = [key for key in keys if key.kind != "customer_number" or first_number[key.record] == key]
    groups, held = resolved(records, keys)
    for group in groups:
        assert len({key.value for key in keys if key.record in group and key.kind == "customer_number"}) <= 1
        assert not [pair for pair in held if {pair["source_record_id_a"], pair["source_record_id_b"]} <= group]


def test_a_shared_phone_does_not_make_two_numbered_customers_one() -> None:
    records = [("crm:aino", 1), ("crm:eino", 2)]
    numbers = [Key("crm:aino", "customer_number", "1", 1), Key("crm:eino", "customer_number", "2", 2)]
    phone = [Key("crm:aino", "phone", "+3581", 1), Key("crm:eino", "phone", "+3581", 2)]
    groups, held = resolved(records, numbers + phone)
    assert groups == {frozenset({"crm:aino"}), frozenset({"crm:eino"})}
    assert held == [
        {
            "source_record_id_a": "crm:aino",
            "source_record_id_b": "crm:eino",
            "identifier_kind": "phone",
            "reason": "two_customer_numbers",
        }
    ]
    assert resolved(records, phone) == ({frozenset({"crm:aino", "crm:eino"})}, []), "negative control: without numbers"


def test_a_stronger_kind_decides_where_an_unnumbered_record_belongs() -> None:
    records = [("crm:a", 1), ("crm:b", 2), ("letter:x", 3)]
    keys = [
        Key("crm:a", "customer_number", "1", 1),
        Key("crm:b", "customer_number", "2", 2),
        Key("crm:a", "phone", "+1", 1),
        Key("letter:x", "phone", "+1", 1),
        Key("crm:b", "email", "x@x.fi", 9),
        Key("letter:x", "email", "x@x.fi", 9),
    ]
    assert resolved(records, keys)[0] == {frozenset({"crm:a"}), frozenset({"crm:b", "letter:x"})}


def test_a_browser_with_two_logins_joins_nobody() -> None:
    records = [("crm:a", 1), ("crm:b", 1), ("ga4:cookie:home", 1)]
    keys = [
        Key("crm:a", "customer_number", "1", 1),
        Key("crm:b", "customer_number", "2", 1),
        Key("ga4:cookie:home", "cookie_login", "1", 1),
    ]
    assert frozenset({"crm:a", "ga4:cookie:home"}) in resolved(records, keys)[0], "negative control: one login joins"
    groups, held = resolved(records, [*keys, Key("ga4:cookie:home", "cookie_login", "2", 5)])
    assert len(groups) == 3
    assert {(pair["source_record_id_a"], pair["reason"]) for pair in held} == {
        ("crm:a", "several_logins"),
        ("crm:b", "several_logins"),
    }


@pytest.mark.parametrize(("count", "groups"), [(SHARED_LIMIT, 1), (SHARED_LIMIT + 1, SHARED_LIMIT + 1)])
def test_an_address_of_everybody_joins_nobody(count: int, groups: int) -> None:
    records = [(f"crm:{at}", at) for at in range(count)]
    found, held = resolved(records, [Key(name, "email", "none@none.fi", 1) for name, _ in records])
    assert len(found) == groups
    assert len(held) == groups - 1


def test_a_customer_is_named_by_the_eldest_record_that_is_no_cookie() -> None:
    nodes = [("ga4:cookie:1", True, 1), ("crm:1", False, 3), ("shop:customer:7", False, 2)]
    keys = [
        ("ga4:cookie:1", "cookie_login", "7", 1),
        ("crm:1", "customer_number", "7", 3),
        ("shop:customer:7", "customer_number", "7", 2),
    ]
    names = ["source_record_id", "identifier_kind", "identifier_value", "first_occurred_at"]
    found = resolve(table(["source_record_id", "is_cookie", "first_seen_at"], nodes), table(names, keys), SALT)
    own = {row["source_record_id"]: row["record_customer_id"] for row in found.clusters.to_pylist()}
    assert set(found.clusters["customer_id"].to_pylist()) == {own["shop:customer:7"]}
    other = resolve(table(["source_record_id", "is_cookie", "first_seen_at"], nodes), table(names, keys), SALT + "!")
    assert not set(other.clusters["customer_id"].to_pylist()) & set(own.values()), "another salt, other ids"


def test_an_identifier_of_an_unknown_record_is_refused() -> None:
    with pytest.raises(ValueError, match="not among the records"):
        resolved([("crm:1", 1)], [Key("crm:2", "email", "a@b.fi", 1)])


def test_no_records_give_no_customers() -> None:
    nodes = table(["source_record_id", "is_cookie", "first_seen_at"], [("x", False, 1)]).slice(0, 0)
    names = ["source_record_id", "identifier_kind", "identifier_value", "first_occurred_at"]
    found = resolve(nodes, table(names, [("x", "email", "x", 1)]).slice(0, 0), SALT)
    assert (found.clusters.num_rows, found.held_matches.num_rows) == (0, 0)
