"""Who shares an address is a household, however it is written; a building is none, and no address leaves the vault."""

from __future__ import annotations

import pytest

from dagster_project.adapters.dbt import DbtFailed
from dagster_project.settings import Settings
from tests.dbt.unified_rows import Row, at, build_rooms, contact, customer_of, damaged, hold_rules, read

TONIGHT = at("03-31")
RULE = "a_household_has_the_members_it_counts"
HOME = {"street": "Kotikatu 1 A 5", "postal_code": "00100", "city": "Helsinki", "country": "Suomi"}


def living(number: int, **address: object) -> Row:
    """One customer, known by number, at this address."""
    return contact(f"hubspot:contact:{number}", at("01-05"), customer_number=str(number), **address)


def many(first: int, count: int, **address: object) -> list[Row]:
    return [living(first + place, **address) for place in range(count)]


TOWN = [
    living(1, **HOME),
    living(2, **{**HOME, "street": "KOTIKATU 1a5", "postal_code": "FI-00100", "city": "Helsingfors"}),
    living(3, **{**HOME, "street": "Kotikatu 1 A 6"}),
    living(4),
    *many(10, 8, street="Rantatie 7", postal_code="33100", city="Tampere", country="Suomi"),
    *many(20, 9, street="Toimistokuja 3", postal_code="33100", city="Tampere", country="Suomi"),
]


def homes(home: Settings) -> dict[str, tuple[object, object]]:
    """Customer id to household and count."""
    return {str(row["customer_id"]): (row["household_id"], row["count_members"]) for row in read(home, "households")}


def of(home: Settings, number: int) -> tuple[object, object] | None:
    return homes(home).get(customer_of(home, f"hubspot:contact:{number}"))


def test_two_at_one_address_are_a_household_however_it_is_written() -> None:
    home = build_rooms(TOWN, TONIGHT)
    one = of(home, 1)
    assert one is not None
    assert one == of(home, 2)
    assert one[1] == 2
    assert [of(home, number) for number in (3, 4)] == [None, None], "the flat next door, and no address at all"


def test_eight_are_a_household_and_nine_are_a_building() -> None:
    home = build_rooms(TOWN, TONIGHT)
    assert {of(home, number) for number in range(10, 18)} == {(*(of(home, 10) or ())[:1], 8)}
    assert [of(home, number) for number in range(20, 29)] == [None] * 9
    hold_rules(home, TONIGHT, "households")


def test_the_same_rows_in_another_order_are_the_same_households() -> None:
    before = homes(build_rooms(TOWN, TONIGHT))
    assert homes(build_rooms(TOWN, TONIGHT, shuffled=7, only="households")) == before


def test_an_id_stays_when_somebody_moves_in_and_leaves_with_the_address() -> None:
    before = of(build_rooms(TOWN, TONIGHT), 1)
    home = build_rooms([*TOWN, living(5, **HOME)], TONIGHT, only="households")
    now = of(home, 1)
    assert before is not None
    assert now is not None
    assert (now[0], now[1]) == (before[0], 3)
    moved = contact("hubspot:contact:2", at("02-05"), customer_number="2", **{**HOME, "street": "Rantatie 7"})
    home = build_rooms([*TOWN, moved], TONIGHT, only="households")
    assert [of(home, number) for number in (1, 2)] == [None, None], "each alone now, and Rantatie 7 is in another town"


def test_nothing_of_an_address_is_in_the_table() -> None:
    home = build_rooms(TOWN, TONIGHT)
    told = " ".join(str(value) for row in read(home, "households") for value in row.values()).lower()
    assert told
    assert [word for word in ("kotikatu", "rantatie", "00100", "tampere") if word in told] == []


@pytest.mark.parametrize(
    "harm",
    [
        "update {table} set count_members = count_members + 1",
        "update {table} set household_id = 'h'",
        "delete from {table} where customer_id = (select min(customer_id) from {table})",
    ],
)
def test_a_household_that_miscounts_stops_the_run(harm: str) -> None:
    home = build_rooms(TOWN, TONIGHT)
    hold_rules(home, TONIGHT, RULE)
    with damaged(home, "customer_360.households", harm), pytest.raises(DbtFailed):
        hold_rules(home, TONIGHT, RULE)
