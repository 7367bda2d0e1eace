"""Planted traps: what shares evidence and is not one person stays apart, and each guard can be seen to matter."""

from __future__ import annotations

from dataclasses import replace
from hashlib import md5
from typing import Any

import pytest

from dagster_project.domain.identity import limits
from dagster_project.domain.identity.rules import MatchRule, MatchRules
from tests.domain.identity.records import RULES, born, matched, record


def reasons(matches: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Rule and reason of what was held."""
    return {(match["rule"], match["reason"]) for match in matches if match["reason"]}


def without_conditions(rule: str) -> MatchRules:
    """The rules with one of them stripped of what holds it back."""
    return replace(
        RULES, exact=tuple(MatchRule(one.rule, one.same) if one.rule == rule else one for one in RULES.exact)
    )


AINO = record("crm:aino", first_name="aino", last_name="aalto", phone="+3581")
MATTI = record("crm:matti", first_name="matti", last_name="aalto", phone="+3581")


def test_a_family_phone_makes_nobody_one() -> None:
    groups, matches, _ = matched([AINO, MATTI])
    assert len(groups) == 2
    assert reasons(matches) == {("phone_and_name", "names_differ")}
    assert [match["evidence"] for match in matches] == ["phone"], "what agrees, and no name"
    assert len(matched([AINO, MATTI], rules=without_conditions("phone_and_name"))[0]) == 1, "negative control"
    assert len(matched([AINO, {**MATTI, "first_name": "ainno"}])[0]) == 1, "the same person, misspelled"


def test_a_phone_without_a_name_is_left_to_a_person() -> None:
    groups, matches, _ = matched([AINO, {**MATTI, "first_name": None}])
    assert len(groups) == 2
    assert reasons(matches) == {("phone_and_name", "name_unknown")}


def test_a_shared_address_makes_nobody_one() -> None:
    home = {"street_name": "kotikatu", "house_number": "1", "postal_code": "00100"}
    groups, _, _ = matched([{**AINO, **home, "phone": None}, {**MATTI, **home, "phone": None}])
    assert len(groups) == 2
    groups, _, _ = matched([{**AINO, **home, "phone": None}, {**AINO, **home, "source_record_id": "shop:1"}])
    assert len(groups) == 1, "the same name at the same address is one"


def test_father_and_son_of_one_name_stay_two() -> None:
    home = {"street_name": "kotikatu", "house_number": "1", "postal_code": "00100", "phone": "+3581"}
    father = record("crm:1", first_name="matti", last_name="aalto", birth_date=born("1950-03-02"), **home)
    son = record("crm:2", first_name="matti", last_name="aalto", birth_date=born("1981-11-20"), **home)
    groups, matches, _ = matched([father, son])
    assert len(groups) == 2
    assert reasons(matches) == {("phone_and_name", "birth_dates_differ"), ("name_and_address", "birth_dates_differ")}
    groups, _, _ = matched([father, {**son, "birth_date": born("1950-02-03")}])
    assert len(groups) == 1, "day and month exchanged: one person"


def test_a_record_without_birth_date_does_not_bridge_father_and_son() -> None:
    named = {"first_name": "matti", "last_name": "aalto", "email": "matti@posti.fi"}
    father = record("crm:1", birth_date=born("1950-03-02"), **named)
    son = record("crm:2", birth_date=born("1981-11-20"), **named)
    letter = record("news:1", seen=2, **named)
    groups, matches, _ = matched([father, letter, son])
    assert groups == {frozenset({"crm:1", "news:1"}), frozenset({"crm:2"})}
    assert reasons(matches) == {("email", "birth_dates_differ")}


def test_an_info_box_is_nobody() -> None:
    rows = [record(f"crm:{at}", email="info@yritys.fi", first_name=name) for at, name in enumerate(["aino", "matti"])]
    groups, matches, _ = matched(rows)
    assert len(groups) == 2
    assert reasons(matches) == {("email", "role_address")}
    named = [{**row, "email": "aino.info@yritys.fi"} for row in rows]
    assert len(matched(named)[0]) == 1, "negative control: an address of a person"


def test_a_recycled_phone_is_another_person() -> None:
    before = record("crm:1", first_name="aino", last_name="aalto", phone="+3581")
    moved_on = record("crm:1", first_name="aino", last_name="aalto", phone="+3582", seen=5)
    after = record("crm:2", first_name="pirkko", last_name="virta", phone="+3581", seen=9)
    groups, matches, _ = matched([before, moved_on, after])
    assert len(groups) == 2
    assert reasons(matches) == {("phone_and_name", "names_differ")}
    back = record("shop:1", first_name="aino", last_name="aalto", phone="+3581", seen=9)
    assert len(matched([before, moved_on, back])[0]) == 1, "an old phone still leads to its person"


@pytest.mark.parametrize(("count", "groups"), [(5, 1), (6, 6)])
def test_an_address_of_everybody_joins_nobody(count: int, groups: int) -> None:
    found, matches, _ = matched([record(f"crm:{at}", email="none@none.fi", seen=at) for at in range(count)])
    assert len(found) == groups
    assert len([match for match in matches if match["reason"] == "shared_by_many"]) == groups - 1


def test_two_customer_numbers_are_two_customers() -> None:
    rows = [record("crm:1", customer_number="1", email="x@x.fi"), record("crm:2", customer_number="2", email="x@x.fi")]
    groups, matches, _ = matched(rows)
    assert len(groups) == 2
    assert reasons(matches) == {("email", "two_customer_numbers")}
    assert len(matched([{**row, "customer_number": None} for row in rows])[0]) == 1, "negative control"


def test_a_chain_of_addresses_ends_where_it_is_too_long() -> None:
    rows = []
    for at in range(5):  # each record shares one address with the next
        rows += [record(f"crm:{at}", email=f"{at}@x.fi", seen=at), record(f"crm:{at}", email=f"{at + 1}@x.fi", seen=at)]
    groups, matches, _ = matched(rows)
    assert max(len(group) for group in groups) == 2, "three addresses at most"
    assert ("email", "too_many_emails") in reasons(matches)
    loose = replace(RULES, limits=replace(RULES.limits, emails=9))
    assert len(matched(rows, rules=loose)[0]) == 1, "negative control"


def test_many_names_are_not_one_customer() -> None:
    names = ["aino", "matti", "pirkko"]
    rows = [
        record(f"crm:{at}", email="perhe@x.fi", first_name=name, last_name="aalto") for at, name in enumerate(names)
    ]
    groups, matches, _ = matched(rows)
    assert sorted(len(group) for group in groups) == [1, 2]
    assert reasons(matches) == {("email", "too_many_names")}


def test_a_browser_that_several_used_belongs_to_nobody() -> None:
    rows = [record("crm:a", customer_number="1"), record("crm:b", customer_number="2")]
    first = ("ga4:cookie:home", "cookie_login", "1")
    assert frozenset({"crm:a", "ga4:cookie:home"}) in matched(rows, cookies=[first])[0], "negative control"
    groups, matches, _ = matched(rows, cookies=[first, ("ga4:cookie:home", "cookie_order", "crm:b")])
    assert len(groups) == 3
    assert reasons(matches) == {("login", "several_customers"), ("order_on_the_web", "several_customers")}


def test_a_browser_never_makes_two_records_one() -> None:
    rows = [record("crm:a"), record("crm:b")]
    both = [("ga4:cookie:home", "cookie_order", "crm:a"), ("ga4:cookie:home", "cookie_order", "crm:b")]
    assert len(matched(rows, cookies=both)[0]) == 3


def test_values_whose_short_hashes_collide_stay_apart() -> None:
    emails = [f"{at}@posti.fi" for at in range(20_000)]
    short = {md5(email.encode(), usedforsecurity=False).digest()[:3] for email in emails}
    assert len(short) < len(emails), "negative control: keyed by 24 bits, strangers would be one"
    groups, _, _ = matched([record(f"crm:{at}", email=email) for at, email in enumerate(emails)])
    assert len(groups) == len(emails)


def test_a_person_who_says_different_splits_and_says_same_joins() -> None:
    rows = [record("crm:1", email="x@x.fi"), record("crm:2", email="x@x.fi"), record("crm:3")]
    assert len(matched(rows)[0]) == 2
    groups, matches, _ = matched(rows, answers=[("crm:2", "crm:1", False), ("crm:1", "crm:3", True)])
    assert groups == {frozenset({"crm:1", "crm:3"}), frozenset({"crm:2"})}
    assert reasons(matches) == {("email", "said_different")}
    assert [match["evidence"] for match in matches if match["rule"] == "said_same"] == ["answer"]


def test_no_answer_joins_two_customer_numbers() -> None:
    rows = [record("crm:1", customer_number="1"), record("crm:2", customer_number="2")]
    groups, matches, _ = matched(rows, answers=[("crm:1", "crm:2", True)])
    assert len(groups) == 2
    assert reasons(matches) == {("said_same", "two_customer_numbers")}


def test_a_longer_way_around_a_different_is_held_at_its_weakest_match() -> None:
    rows = [
        record("crm:1", email="x@x.fi", phone="+3581", first_name="aino"),
        record("crm:2", email="x@x.fi"),
        record("crm:3", phone="+3581", first_name="aino"),
    ]
    groups, matches, _ = matched(rows, answers=[("crm:2", "crm:3", False)])
    assert groups == {frozenset({"crm:1", "crm:2"}), frozenset({"crm:3"})}
    assert reasons(matches) == {("phone_and_name", "said_different")}


def test_the_guards_of_parts_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [record("crm:1", customer_number="1", email="x@x.fi"), record("crm:2", customer_number="2", email="x@x.fi")]
    monkeypatch.setattr(limits.Builder, "objection", lambda *_: None)
    assert len(matched(rows)[0]) == 1, "negative control of every limit on customers"
