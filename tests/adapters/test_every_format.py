"""The examples of every form in docs/contracts/destinations.md load, export, and are whole in the outbox."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml

from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import is_whole
from dagster_project.components.destination import FormatName, contact_points_needed, digests_needed, load_destinations
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.domain.exports.destination import Destination
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.small_house import AS_OF, batches, claim, consent, customer_ids, house, point, statuses

PAGE = CHECKOUT / "docs" / "contracts" / "destinations.md"
IDS = customer_ids(4)
EXAMPLES = {
    yaml.safe_load(block)["destination"]: block
    for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, block in EXAMPLES.items():
        (tmp_path / f"{name}.yaml").write_text(block)
    return tmp_path


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        consent(opened, IDS)
        yield opened


def shipped(folder: Path, name: str) -> Destination:
    return load_destinations(folder).items[name].to_destination()


def test_every_form_has_an_example_that_loads(folder: Path) -> None:
    read = load_destinations(folder)
    assert read.faults == []
    assert {item.format for item in read.items.values()} == set(get_args(FormatName))
    assert contact_points_needed(folder) >= {"country_code", "postal_code"}
    assert {digest.rule for digest in digests_needed(folder)} > {"google_name", "google_api_email", "digits"}


def rows_read(path: Path) -> int:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return len(list(csv.reader(file))) - 1
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return sum(len(line.get("audienceMembers", [line])) for line in lines)
    import pyarrow.parquet as pq

    return pq.read_metadata(path).num_rows


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_exports_and_says_whose_each_line_is(
    home: Settings, ledger: Ledger, folder: Path, name: str
) -> None:
    destination = shipped(folder, name)
    audience = destination.audience or "fading"
    version = house(home, [point(one) for one in IDS], audience=IDS)
    if audience != "fading":  # the small house publishes one audience: take it under this name
        destination = load_destinations(folder).items[name].model_copy(update={"audience": "fading"}).to_destination()
    assert version.vault_folder is not None
    if destination.kind == "message":
        models = sorted(destination.care_models or {"welcome"})
        claim(ledger, IDS, channel=destination.channel, care_model=models[0])
    batch = export_destination(home, ledger, destination, AS_OF)
    assert batch is not None, statuses(ledger)
    assert batch.count_rows == len(IDS)
    (placed,) = batches(home, name)
    assert is_whole(placed)
    assert {path.stat().st_mode & 0o777 for path in placed.iterdir()} == {0o600}
    manifest = json.loads((placed / "manifest.json").read_text())
    with (placed / "rows.csv").open(encoding="utf-8", newline="") as file:
        whose = list(csv.DictReader(file))
    assert all(row["consent_id"] and row["row_key"] for row in whose)
    for entry in manifest["files"]:
        assert rows_read(placed / entry["name"]) == entry["rows"]
        if entry["role"] != "rows":
            lines = [int(row["line"]) for row in whose if row["file"] == entry["name"]]
            first = 2 if entry["name"].endswith(".csv") else 1
            assert lines == list(range(first, first + entry["rows"]))


def test_a_customer_who_moves_is_removed_by_the_digests_added(home: Settings, ledger: Ledger, folder: Path) -> None:
    for name in ("google_data_manager_fading", "tiktok_fading", "plain_members"):
        destination = shipped(folder, name)
        house(home, [point(one) for one in IDS], audience=IDS)
        export_destination(home, ledger, destination, AS_OF)
        house(home, [point(one) | {"phone": "+358501234567", "country_code": "SE"} for one in IDS], audience=IDS)
        assert export_destination(home, ledger, destination, AS_OF) is not None
        first, second = batches(home, name)
        end = next(iter(first.glob("add.*"))).suffix
        added, removed = (first / f"add{end}").read_bytes(), (second / f"remove{end}").read_bytes()
        if name == "google_data_manager_fading":
            added = re.sub(rb'"consent":\{.*?\},', b"", added)
        assert removed == added
        assert (second / f"add{end}").read_bytes() != (first / f"add{end}").read_bytes()


def test_a_channel_that_is_not_allowed_is_said_so(home: Settings, ledger: Ledger, folder: Path) -> None:
    house(home, [point(one) for one in IDS])
    claim(ledger, IDS, care_model="in_custobar")
    ledger.suppress([Suppression(IDS[1], "withdrawn", "marketing", "sms")], AS_OF)
    assert export_destination(home, ledger, shipped(folder, "custobar_messages"), AS_OF) is not None
    with (batches(home, "custobar_messages")[0] / "contacts.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["external_id"]: (row["can_email"], row["can_sms"]) for row in csv.DictReader(file)}
    numbers = [str(point(one)["customer_number"]) for one in IDS]
    assert rows == {number: ("true", "true") for number in numbers} | {numbers[1]: ("true", "false")}


@pytest.mark.parametrize(
    ("example", "changed", "fault"),
    [
        ("plain_letters", ("columns: [contact_id,", "columns: [birth_date,"), "birth_date"),
        (
            "plain_members",
            ("columns: [customer_number, country_code]", "columns: [country_code]"),
            "who the customer is",
        ),
        ("google_ads_fading", ("format: google_ads", "format: google_ads\nphone_with_plus: true"), "is not for format"),
        ("printing_house", ("home_country: FI", "home_country: Finland"), "home_country"),
        ("printing_house", ("channel: letter", "channel: email"), "serves the channel letter or sample or event"),
        ("tiktok_fading", ("audience_code: hv-04", "audience_code: ../hv"), "audience_code"),
    ],
)
def test_an_option_that_does_not_fit_is_said(
    tmp_path: Path, example: str, changed: tuple[str, str], fault: str
) -> None:
    assert changed[0] in EXAMPLES[example]
    (tmp_path / f"{example}.yaml").write_text(EXAMPLES[example].replace(*changed))
    faults = [str(one) for one in load_destinations(tmp_path).faults]
    assert any(fault in one for one in faults), faults
