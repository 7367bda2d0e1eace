"""A segment of the wrong size holds back what is exported from it, and nothing else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters.exporting import export_destination, held_back, waiting
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.analytics.segments import SizeBand, sizes
from dagster_project.domain.exports.destination import Destination
from dagster_project.settings import Settings
from tests.adapters.small_house import (
    AS_OF,
    CALLS,
    GOOGLE,
    batches,
    claim,
    consent,
    customer_ids,
    house,
    point,
    take_all,
)

IDS = customer_ids(6)
OTHERS = Destination(
    "others", "membership", "meta", "ads", audience="fading", segment="new_customers", audience_code="nc-01"
)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        consent(opened, IDS)
        yield opened


def sizes_of(**counts: int) -> pa.Table:
    """Segments of these sizes, each of which should have one to three customers."""
    band = SizeBand(min_count=1, max_count=3)
    return sizes({name: ("team:crm", "targeting", band) for name in counts}, counts, 100)


def night(settings: Settings, ledger: Ledger, audience: list[str], **counts: int) -> None:
    """Publish an audience beside these segments, and export to both platforms."""
    version = house(settings, [point(one) for one in IDS], audience=audience, segment_sizes=sizes_of(**counts))
    for destination in (GOOGLE, OTHERS):
        export_destination(settings, ledger, destination, version.as_of)


def rows_of(folder: Path, name: str) -> int:
    if not (folder / name).is_file():
        return 0
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return len(list(csv.reader(file))) - 1


def test_a_segment_too_large_adds_and_removes_nobody_and_says_why(home: Settings, ledger: Ledger) -> None:
    night(home, ledger, IDS[:3], fading=3, new_customers=3)
    night(home, ledger, IDS[2:], fading=4, new_customers=3)
    assert len(batches(home, "google")) == 1, "the platform keeps what it held"
    version = house(home, [point(one) for one in IDS], IDS[2:], segment_sizes=sizes_of(fading=4, new_customers=3))
    assert held_back(version, GOOGLE) == "segment fading has 4 customers, its owner team:crm expects 1 to 3"


def test_the_other_destination_goes_on(home: Settings, ledger: Ledger) -> None:
    night(home, ledger, IDS[:3], fading=3, new_customers=3)
    night(home, ledger, IDS[2:], fading=4, new_customers=3)
    assert rows_of(batches(home, "others")[1], "add.csv") == 3
    assert rows_of(batches(home, "others")[1], "remove.csv") == 2


def test_calls_go_out_whatever_the_size_of_a_segment(home: Settings, ledger: Ledger) -> None:
    claim(ledger, IDS[:2], channel="phone")
    night(home, ledger, IDS[:3], fading=90, new_customers=0)
    assert export_destination(home, ledger, CALLS, AS_OF) is not None


@pytest.mark.parametrize("counts", [{"fading": 0}, {"fading": 4}, {}])
def test_too_small_too_large_and_unasked_are_all_held_back(
    home: Settings, ledger: Ledger, counts: dict[str, int]
) -> None:
    night(home, ledger, IDS[:3], new_customers=2, **counts)
    assert batches(home, "google") == []


def test_a_withdrawn_consent_is_not_kept_waiting(home: Settings, ledger: Ledger) -> None:
    night(home, ledger, IDS[:3], fading=3, new_customers=3)
    take_all(home, "google")  # else it would be taken back
    consent(ledger, IDS, denied=IDS[:1])
    night(home, ledger, IDS[3:], fading=50, new_customers=3)
    second = batches(home, "google")[1]
    assert (rows_of(second, "remove.csv"), rows_of(second, "add.csv")) == (1, 0)


def test_the_size_right_again_catches_up(home: Settings, ledger: Ledger) -> None:
    night(home, ledger, IDS[:3], fading=3, new_customers=3)
    night(home, ledger, IDS[2:5], fading=4, new_customers=3)
    night(home, ledger, IDS[2:5], fading=3, new_customers=3)
    second = batches(home, "google")[1]
    assert (rows_of(second, "remove.csv"), rows_of(second, "add.csv")) == (2, 2)


def test_a_segment_for_analysis_is_never_exported(home: Settings) -> None:
    looked_at = sizes({"fading": ("team:crm", "analysis", SizeBand(min_count=1, max_count=3))}, {"fading": 2}, 100)
    version = house(home, [point(one) for one in IDS], IDS[:2], segment_sizes=looked_at)
    assert held_back(version, GOOGLE) == "segment fading is for analysis: nothing may be exported from it"


def test_a_destination_held_back_does_not_keep_the_sensor_busy(home: Settings, ledger: Ledger) -> None:
    night(home, ledger, IDS[:3], fading=3, new_customers=3)
    night(home, ledger, IDS[2:], fading=4, new_customers=3)
    assert waiting(home, ledger, [GOOGLE]) == []
