"""Any customer's row as of a past moment is what was built then, whatever arrived, merged or was corrected since."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from tests.dbt.unified_rows import (
    Row,
    answer,
    at,
    build_rooms,
    consent,
    contact,
    event,
    login,
    order_on_the_web,
    read_all,
)

FIRST, DAYS = at("01-01"), 80
PEOPLE = 12


def lively_town(seed: int) -> list[Row]:
    """People whose rows arrive late, share addresses for a while, get other numbers, withdraw and are told apart."""
    chance = random.Random(seed)

    def moment(latest: int = DAYS) -> datetime:
        return FIRST + timedelta(minutes=chance.randrange(latest * 24 * 60))

    rows: list[Row] = []
    for one in range(PEOPLE):
        record, shop = f"hubspot:contact:{one}", f"shop:customer:{one}"
        for version in range(chance.randrange(1, 4)):
            when = moment()
            row = contact(
                record, when,
                first_name=f"Nimi{one}", last_name=chance.choice(["Aalto", "Virta"]),
                email_raw=f"{chance.choice([one, one, (one + 1) % PEOPLE])}@posti.fi",
                phone_raw=f"04812345{chance.choice([one, 0]):02d}" if chance.random() < 0.5 else None,
                customer_number=str(one) if chance.random() < 0.6 else None,
                is_deleted=chance.random() < 0.05,
            )  # fmt: skip
            rows.append({**row, "contact_version_id": f"{row['contact_version_id']}|{version}"})
        rows.append(contact(shop, moment(), customer_number=str(one)))
        rows += [
            event(shop, "purchase", moment(), amount=10 * (number + 1), subject_id=f"o{one}.{number}")
            for number in range(chance.randrange(5))
        ]
        rows += [consent(record, "email", chance.random() < 0.7, moment()) for _ in range(chance.randrange(3))]
        rows.append(login(f"ga4:cookie:{one}", str(one) if chance.random() < 0.5 else None, moment()))
        rows.append(order_on_the_web(f"ga4:cookie:{one}", shop, moment()))
    for one in range(0, PEOPLE, 3):
        pair = (f"hubspot:contact:{one}", f"hubspot:contact:{(one + 1) % PEOPLE}")
        rows.append(answer(*pair, chance.random() < 0.5, moment()))
    for row in rows:  # two in five arrive up to ten days late
        late = timedelta(hours=chance.randrange(240)) if chance.random() < 0.4 else timedelta(0)
        row["known_at"] = row["occurred_at"] + late  # type: ignore[operator]
    unique = {tuple(sorted((name, str(value)) for name, value in row.items())): row for row in rows}
    return list(unique.values())


def hold_as_of(moment: datetime, everything: list[Row]) -> None:
    """Build what was known then, and then everything as of then: every table of both rooms is the same."""
    known_then = [row for row in everything if row["known_at"] <= moment]  # type: ignore[operator]
    assert 0 < len(known_then) < len(everything)
    then = read_all(build_rooms(known_then, moment))
    assert read_all(build_rooms(everything, moment)) == then
    assert then["customer_360"], "there is something to compare"


def random_moments(count: int, seed: int) -> list[datetime]:
    chance = random.Random(seed)
    return [FIRST + timedelta(seconds=chance.randrange(10 * 86_400, 75 * 86_400)) for _ in range(count)]


@pytest.mark.parametrize("moment", random_moments(2, seed=5), ids=str)
def test_a_past_moment_is_what_was_built_then(moment: datetime) -> None:
    hold_as_of(moment, lively_town(1))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(100))
def test_a_hundred_past_moments_are_what_was_built_then(number: int) -> None:
    hold_as_of(random_moments(100, seed=9)[number], lively_town(number))


def test_the_town_is_lively() -> None:
    early, late = (read_all(build_rooms(lively_town(1), at(day))) for day in ("01-25", "03-20"))
    customers = [{row["customer_id"] for row in tables["customers"]} for tables in (early, late)]
    assert customers[0] - customers[1], "some became one since"
    assert {row["reason"] for row in late["matches"]} >= {None, "two_customer_numbers"}


@pytest.mark.slow
def test_five_hundred_orders_of_arrival_give_the_same_tables() -> None:
    town = lively_town(3)
    before = read_all(build_rooms(town, at("03-15")))
    assert before["customer_360"], "there is something to compare"
    for seed in range(500):
        assert read_all(build_rooms(town, at("03-15"), shuffled=seed)) == before, seed
