"""The town: the same seed the same bytes, rhythms as drawn, nobody real, and the truth beside the files."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from datetime import date, datetime, timedelta

import numpy as np
import phonenumbers
import pyarrow.parquet as pq
import pytest

from dagster_project.components.fenced import load_folder
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.domain.synthetic import RawFile, Town, make_town, raw_files
from dagster_project.settings import CHECKOUT


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town(customers=800, days=365, seed=3)


@pytest.fixture(scope="module")
def files(town: Town) -> dict[str, RawFile]:
    return {file.table: file for file in raw_files(town)}


def rows_of(file: RawFile) -> list[dict[str, str]]:
    data = gzip.decompress(file.content) if file.name.endswith(".gz") else file.content
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_the_same_seed_gives_the_same_bytes() -> None:
    once, again = (
        [(file.name, file.content) for file in raw_files(make_town(120, 90, seed=5), by="month")] for _ in range(2)
    )
    other = [(file.name, file.content) for file in raw_files(make_town(120, 90, seed=6), by="month")]
    assert once == again
    assert [content for _, content in once] != [content for _, content in other]


@pytest.mark.parametrize("by", ["month", "day"])
def test_parts_add_up_to_the_whole(by: str) -> None:
    town = make_town(150, 70, seed=2)
    whole = {file.table: rows_of(file) for file in raw_files(town) if file.name.endswith(("csv", "csv.gz"))}
    parts: dict[str, list[dict[str, str]]] = {table: [] for table in whole}
    for file in raw_files(town, by=by):  # type: ignore[arg-type]
        if file.table in parts:
            parts[file.table] += rows_of(file)
        assert town.first_day <= file.last_day <= town.last_day
    assert parts == whole


def test_every_file_follows_its_contract(files: dict[str, RawFile]) -> None:
    contracts = load_folder(CHECKOUT / "dagster_project/defs/sources/contracts", SourceContract, "source").items
    assert {file.source for file in files.values()} == set(contracts)
    for file in files.values():
        assert contracts[file.source].table_of(file.name) == file.table
        if file.name.endswith((".csv", ".csv.gz")):
            columns = contracts[file.source].tables[file.table].columns
            needed = {name for name, column in columns.items() if not column.optional}
            assert needed <= set(rows_of(file)[0]) <= set(columns)


def test_gaps_have_the_mean_that_was_drawn(town: Town) -> None:
    lives = town.lives
    steady = np.flatnonzero((lives.fate == "steady") & (town.people.arrival < 0))
    ratios = []
    for person in steady:
        days = np.sort(lives.bought_at[lives.buyer == person])
        if len(days) > 8:
            ratios.append(np.diff(days).mean() / lives.gap[person])
    assert len(ratios) > 100
    assert 0.93 < float(np.mean(ratios)) < 1.05


def test_those_who_fade_come_more_rarely_and_those_who_left_do_not_come(town: Town) -> None:
    lives = town.lives
    longer = []
    for person in np.flatnonzero(lives.fate == "fading"):
        days, turning = np.sort(lives.bought_at[lives.buyer == person]), lives.turning_day[person]
        before, after = np.diff(days[days <= turning]), np.diff(days[days > turning])
        if len(before) > 3 and len(after) > 1:
            longer.append(after.mean() / before.mean())
    assert float(np.median(longer)) > 1.8
    left = np.flatnonzero(lives.fate == "left")
    for person in left:
        assert not (lives.bought_at[lives.buyer == person] > lives.turning_day[person] + 1).any()


def test_machines_react_within_ten_seconds_and_people_mostly_later(town: Town, files: dict[str, RawFile]) -> None:
    sent = {row["id"]: datetime.fromisoformat(row["send_time"]) for row in rows_of(files["campaign"])}
    quick: Counter[bool] = Counter()
    for row in rows_of(files["campaign_recipient_activity"]):
        if row["action"] != "bounce":
            after = datetime.fromisoformat(row["timestamp"]) - sent[row["campaign_id"]]
            assert after > timedelta(0)
            quick[after <= timedelta(seconds=10)] += 1
    machines = int(town.people.behind_gateway.sum())
    assert machines > 0
    assert quick[True] > 4 * machines
    assert quick[False] > 500


def test_whoever_withdrew_is_told_as_withdrawn(town: Town, files: dict[str, RawFile]) -> None:
    newest: dict[str, dict[str, str]] = {}
    for row in rows_of(files["contact"]):
        if row["property_lastmodifieddate"] != "yesterday":
            kept = newest.get(row["id"])
            if kept is None or kept["property_lastmodifieddate"] <= row["property_lastmodifieddate"]:
                newest[row["id"]] = row
    withdrawn = np.flatnonzero(~np.isnan(town.lives.withdrawn_at) & town.people.in_crm)
    told = [newest[str(70_000_000 + person)] for person in withdrawn if str(70_000_000 + person) in newest]
    assert len(told) > 10
    changed = [row for row in told if row["property_lastmodifieddate"] > row["property_createdate"]]
    assert len(changed) > 0.8 * len(told)
    assert {row["property_hs_email_optout"] for row in changed} == {"TRUE"}


def test_nobody_is_real(town: Town) -> None:
    assert all(email.endswith(("example.com", "example.org", "example.net")) for email in town.people.email)
    for digits in town.people.phone[:200]:
        number = phonenumbers.parse(f"+358{digits}")
        assert phonenumbers.is_possible_number(number)
        assert str(number.national_number).startswith("48")


def test_broken_rows_are_as_many_as_the_truth_says(town: Town, files: dict[str, RawFile]) -> None:
    broken = town.count_broken()
    assert all(count > 0 for count in broken.values())
    lines = gzip.decompress(files["events"].content).decode().splitlines()
    assert sum(not _is_json(line) for line in lines) == broken["ga4.events"]
    moments = [row["property_lastmodifieddate"] for row in rows_of(files["contact"])]
    assert moments.count("yesterday") == broken["hubspot.contact"]
    codes = pq.read_table(io.BytesIO(files["invoice_lines"].content))["StockCode"]
    assert codes.null_count == broken["shop.invoice_lines"]


def test_households_share_an_address_and_a_name(town: Town) -> None:
    people = town.people
    for household in np.unique(people.household)[:100]:
        mine = people.household == household
        assert len(set(people.street[mine])) == len(set(people.last_name[mine])) == 1


def test_the_last_day_is_the_last_day() -> None:
    town = make_town(100, 30, last_day=date(2024, 2, 29))
    assert (town.first_day, town.last_day) == (date(2024, 1, 31), date(2024, 2, 29))
    assert town.lives.bought_at.max() < 30


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_who_comes_into_the_sister_shop_was_there_before_paying(files: dict[str, RawFile]) -> None:
    visits = rows_of(files["visits"])
    came = {(row["contact_id"], row["visited_at"][:10]): row["visited_at"] for row in visits}
    paid = {(row["contact_id"], row["ordered_at"][:10]): row["ordered_at"] for row in rows_of(files["orders"])}
    both = came.keys() & paid.keys()
    assert 0.5 < len(both) / len(paid) < 0.9, "some cards are not read"
    assert sum(came[key] < paid[key] for key in both) > 0.95 * len(both), "but for who comes twice a day"
    assert len(came.keys() - paid.keys()) > 20, "some only look around"
    assert {row["contact_id"] for row in visits} <= {row["contact_id"] for row in rows_of(files["contacts"])}


def test_only_who_has_the_app_is_asked_about_it(files: dict[str, RawFile]) -> None:
    asked = Counter(row["channel"] for row in rows_of(files["consents"]))
    assert asked["push"] == asked["sms"] < asked["email"] == asked["phone"] == asked["letter"] == asked["ads"]
    last = {(row["contact_id"], row["channel"]): row for row in rows_of(files["consents"])}
    assert {row["is_given"] for row in last.values() if row["channel"] == "push"} == {"true", "false"}
