"""One address, many ways to write it; and what is no address of a household."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dagster_project.domain.identity.households import ASKED, MOST_MEMBERS, households_of

SALT = "a salt of tests"
HOME = ("Kotikatu 12 B 4", "00100", "Helsinki", "FI")


def found(*addresses: tuple[str | None, ...], salt: str = SALT) -> dict[str, tuple[str, int]]:
    """Household and count by customer c0, c1 ..., one for each address."""
    rows = [(f"c{number}", *address) for number, address in enumerate(addresses)]
    columns = zip(*rows, strict=True)
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=list(ASKED))
    households = households_of(table, salt, "FI").to_pylist()
    return {row["customer_id"]: (row["household_id"], row["count_members"]) for row in households}


@pytest.mark.parametrize(
    "other",
    [
        ("KOTIKATU 12b4", "00100", "Helsinki", "FI"),
        ("Kotikatu 12 B, 4", "FI-00100", "Helsinki", "fi"),
        ("  Kotikatu  12 B 4 ", "00 100", "Helsingfors", "FI"),
        ("Kotikatu 12 B 4", "00100", None, None),
    ],
)
def test_an_address_written_otherwise_is_the_same(other: tuple[str | None, ...]) -> None:
    assert {count for _, count in found(HOME, other).values()} == {2}


@pytest.mark.parametrize(
    "other",
    [
        ("Kotikatu 12 B 5", "00100", "Helsinki", "FI"),
        ("Kotikatu 12", "00100", "Helsinki", "FI"),
        ("Kotitie 12 B 4", "00100", "Helsinki", "FI"),
        ("Kotikatu 12 B 4", "00200", "Helsinki", "FI"),
        ("Kotikatu 12 B 4", "00100", "Helsinki", "EE"),
        ("Kotikatu 12 B 4", None, "Helsinki", "FI"),
    ],
)
def test_another_address_is_another(other: tuple[str | None, ...]) -> None:
    assert found(HOME, other) == {}


@pytest.mark.parametrize(
    "address",
    [
        (None, "00100", "Helsinki", "FI"),
        ("Kotikatu", "00100", "Helsinki", "FI"),
        ("12", "00100", "Helsinki", "FI"),
        ("Kotikatu 12", None, None, "FI"),
        ("Kotikatu 12", "00000", None, "FI"),
        ("", "", "", ""),
    ],
)
def test_what_is_no_whole_address_makes_no_household(address: tuple[str | None, ...]) -> None:
    assert found(address, address) == {}


def test_the_town_counts_where_there_is_no_postal_code() -> None:
    assert len(found(("Kotikatu 1", None, "Espoo", "FI"), ("kotikatu 1", "000", "ESPOO", "FI"))) == 2
    assert found(("Kotikatu 1", None, "Espoo", "FI"), ("Kotikatu 1", None, "Vantaa", "FI")) == {}


def test_one_more_than_a_household_can_have_is_none() -> None:
    assert len(found(*[HOME] * MOST_MEMBERS)) == MOST_MEMBERS
    assert found(*[HOME] * (MOST_MEMBERS + 1)) == {}


def test_the_id_is_of_the_address_and_the_salt_alone() -> None:
    two, three = found(HOME, HOME), found(HOME, HOME, HOME)
    assert two["c0"][0] == three["c2"][0]
    assert found(HOME, HOME, salt="another salt")["c0"][0] != two["c0"][0]
    elsewhere = ("Rantatie 1", "33100", "Tampere", "FI")
    assert found(elsewhere, elsewhere)["c0"][0] != two["c0"][0]


def test_nobody_is_no_household() -> None:
    nobody = households_of(pa.table({name: pa.array([], pa.string()) for name in ASKED}), SALT, "FI")
    assert (nobody.num_rows, nobody.column_names) == (0, ["customer_id", "household_id", "count_members"])
