"""Writing a town: what lies where, how far the telling goes, and the truth beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import phonenumbers
import pyarrow.parquet as pq

from dagster_project.adapters.town import deliver
from dagster_project.domain.synthetic import make_town, raw_files


def test_every_file_lies_with_its_source_and_the_truth_is_no_delivery(tmp_path: Path) -> None:
    town = make_town(80, 60, seed=4)
    paths = deliver(town, tmp_path, "month")
    assert {path: path.read_bytes() for path in paths} == {
        tmp_path / file.source / file.name: file.content for file in raw_files(town, "month")
    }
    truth = tmp_path / "truth" / "people.parquet"
    assert truth not in paths
    assert pq.read_table(truth).equals(town.truth())


def test_nothing_later_than_asked_for_is_written(tmp_path: Path) -> None:
    town = make_town(80, 60, seed=4)
    until = date(2026, 3, 10)
    some, everything = deliver(town, tmp_path / "some", "day", until=until), deliver(town, tmp_path / "all", "day")
    late = [file.name for file in raw_files(town, "day") if file.last_day > until]
    assert late
    assert {path.name for path in everything} - {path.name for path in some} == set(late)


def test_phone_numbers_are_valid_in_form() -> None:
    phones = make_town(300, 30, seed=4).people.phone
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(f"0{digits}", "FI")) for digits in phones)
