"""Training from the command line: the same records give the same file, and no value of anyone is in it."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters.identity_training import train_on_vault, weights_moved
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.identified import publish_identity

FIRST = ("Aino", "Eino", "Otso", "Väinö", "Lempi", "Toivo", "Helmi", "Onni", "Kerttu", "Urho")
LAST = ("Aaltonen", "Korhonen", "Virtanen", "Nieminen", "Laine", "Heikkinen", "Koskinen", "Salonen")


def people(count: int) -> list[tuple[object, ...]]:
    """Records of persons of whom half are known twice, every fourth of these with a slip in the name."""
    rng = random.Random(5)
    rows: list[tuple[object, ...]] = []
    for number in range(count):
        first, last = rng.choice(FIRST).casefold(), rng.choice(LAST).casefold()
        born = date(1940, 1, 1) + timedelta(days=rng.randrange(20_000))
        said = (f"{first}{number}@example.org", f"+35840{number:07}", last, born, f"{rng.randrange(20):05}0")
        rows.append((f"crm:{number}", first, *said))
        if number % 2:
            rows.append((f"news:{number}", first[:-1] if number % 4 == 3 else first, *said))
    return rows


def with_people(settings: Settings, rows: list[tuple[object, ...]]) -> None:
    """Their records, as dbt leaves them in the vault."""
    with duckdb.connect(str(settings.at_home.warehouse)) as connection:
        connection.execute(f"attach '{settings.at_home.vault_database}' as vault")
        connection.execute("create schema vault.identity")
        connection.execute(
            "create table vault.identity.record_versions (source_record_id varchar, first_name varchar, email varchar,"
            " phone varchar, last_name varchar, birth_date date, postal_code varchar)"
        )
        connection.executemany("insert into vault.identity.record_versions values (?, ?, ?, ?, ?, ?, ?)", rows)
        for column in ("customer_number", "street_name", "house_number", "city"):
            connection.execute(f"alter table vault.identity.record_versions add column {column} varchar")
        connection.execute("alter table vault.identity.record_versions add column is_newest boolean default true")
        connection.execute("alter table vault.identity.record_versions add column contact_version_id varchar")
        connection.execute("update vault.identity.record_versions set contact_version_id = source_record_id")


@pytest.fixture
def trained(home: Settings) -> Settings:
    publish_identity(home)
    with_people(home, people(300))
    return home


def test_the_command_writes_the_same_file_again_without_a_value_of_anyone(trained: Settings, tmp_path: Path) -> None:
    files = [tmp_path / "one.json", tmp_path / "again.json"]
    for file in files:
        told = CliRunner().invoke(cli.app, ["identity", "train", "--out", str(file), "--json"])
        assert told.exit_code == 0, told.output
    text = files[0].read_text()
    assert files[1].read_text() == text
    model = json.loads(text)
    assert (model["trained_on"], model["records"]) == ("2026-03-31", 450)
    bits = {(row["comparison"], row["level"]): row["bits"] for row in model["weights"]}
    assert bits["email", "the same"] > 5 > 0 > bits["email", "anything else"]
    for row in people(300):
        assert str(row[2]) not in text
        assert str(row[3]) not in text
    assert not any(f'"{name.casefold()}"' in text for name in (*FIRST, *LAST))


def test_a_person_is_told_what_moved_and_what_to_do(trained: Settings) -> None:
    told = CliRunner().invoke(cli.app, ["identity", "train"])
    assert "Learned from 450 records" in told.output
    assert "dagster_project/defs/identity/probable_matches.json" in told.output
    assert (trained.at_home.root / "probable_matches.json").is_file()


def test_too_few_records_teach_nothing(home: Settings) -> None:
    publish_identity(home)
    with_people(home, people(20))
    with pytest.raises(HoivaError, match="nothing to learn from"):
        train_on_vault(home)


def test_weights_that_moved_little_are_not_named() -> None:
    before = {"weights": [{"comparison": "email", "level": "the same", "bits": 9.0}]}
    after = {"weights": [{"comparison": "email", "level": "the same", "bits": 9.5},
                         {"comparison": "phone", "level": "the same", "bits": 8.0}]}  # fmt: skip
    assert [(row["comparison"], row["bits_before"]) for row in weights_moved(before, after)] == [("phone", None)]
    assert [row["bits"] for row in weights_moved(after, before)] == [None]
