"""Customers who may be several persons are shown; those whose records merely grew are not."""

from __future__ import annotations

from datetime import date

from tests.dbt.unified_rows import Row, at, build_rooms, contact, customer_of, hold_rules, login, read

TONIGHT = at("03-31")


def records(number: int, *said: dict[str, object]) -> list[Row]:
    """One customer by number, of as many records as there is to say."""
    return [
        contact(f"hubspot:contact:{number}{place}", at("01-05"), customer_number=str(number), **columns)
        for place, columns in enumerate(said)
    ]


def versions(number: int, *said: dict[str, object]) -> list[Row]:
    """One customer of two records, of which the first had to be changed again and again."""
    first = [
        contact(f"hubspot:contact:{number}0", at(f"01-0{day}"), customer_number=str(number), **columns)
        for day, columns in enumerate(said, 1)
    ]
    return [*first, contact(f"hubspot:contact:{number}1", at("01-05"), customer_number=str(number), **said[-1])]


def addresses(count: int, name: str) -> list[dict[str, object]]:
    return [{"email_raw": f"{name}{number}@posti.fi"} for number in range(count)]


TWO_DATES, THREE_NAMES, FOUR_ADDRESSES, MANY_RECORDS = 21, 22, 23, 24
SPELLED, CORRECTED, THREE_ADDRESSES, MANY_BROWSERS = 31, 32, 33, 34
BORN, OTHERWISE = {"birth_date": date(1950, 1, 2)}, {"birth_date": date(1980, 1, 2)}


def town() -> list[Row]:
    return [
        *records(TWO_DATES, BORN, OTHERWISE),
        *records(THREE_NAMES, *({"first_name": name, "last_name": "Aalto"} for name in ("Aino", "Eino", "Otso"))),
        *versions(FOUR_ADDRESSES, *addresses(4, "aino")),
        *records(MANY_RECORDS, *({} for _ in range(7))),
        *records(SPELLED, {"first_name": "Väinö", "last_name": "Aalto"}, {"first_name": "Vaino", "last_name": "Aalto"}),
        *versions(CORRECTED, BORN, OTHERWISE),
        *versions(THREE_ADDRESSES, *addresses(3, "eino")),
        *records(MANY_BROWSERS, {}, {}),
        *(login(f"ga4:cookie:{letter}", str(MANY_BROWSERS), at("01-08")) for letter in "pqrstuvwxyz"),
    ]


def test_those_whose_records_differ_are_suspects_and_those_who_merely_grew_are_not() -> None:
    home = build_rooms(town(), TONIGHT)
    found = {row["customer_id"]: row for row in read(home, "merge_suspects")}
    of = {customer_of(home, f"hubspot:contact:{number}0"): number
          for number in (TWO_DATES, THREE_NAMES, FOUR_ADDRESSES, MANY_RECORDS)}  # fmt: skip
    assert {of.get(customer, customer) for customer in found} == set(of.values())
    told = {of[customer]: row for customer, row in found.items()}
    assert (told[TWO_DATES]["count_birth_dates"], told[TWO_DATES]["count_records"]) == (2, 2)
    assert told[THREE_NAMES]["count_names"] == 3
    assert told[FOUR_ADDRESSES]["count_emails"] == 4
    assert told[MANY_RECORDS]["count_records"] == 7
    assert {row["count_probable_matches"] for row in found.values()} == {0}
    hold_rules(home, TONIGHT, "merge_suspects")
