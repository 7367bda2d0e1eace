"""Segments: who is in which, whether each has its size, and a slip in one that stops no other."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters.conditions import columns_of
from dagster_project.components.fenced import files_of
from dagster_project.components.segment import SEGMENTS, find_members, load_segments
from dagster_project.domain.analytics.customers import customer_analytics
from dagster_project.domain.analytics.lifecycle import lifecycle
from dagster_project.domain.analytics.rfm import rfm
from dagster_project.domain.analytics.rhythm import rhythm
from dagster_project.domain.analytics.segments import SizeBand
from dagster_project.domain.conditions import kind_of
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS
from tests.domain.analytics.making import AS_OF, ZONE, base, random_purchases

GOOD = """\
segment: top_customers
title: Customers of the highest value tier
owner: team:crm
purpose: analysis
condition: value_tier = 'top'
expected_size: {min_share: 0.01, max_share: 0.06}
"""


@pytest.fixture(scope="module")
def customers() -> pa.Table:
    base_rows = base(random_purchases(2_000, seed=1), prospects=100)
    rhythms = rhythm(base_rows, AS_OF, ZONE)
    values, stages = rfm(base_rows, AS_OF, ZONE), lifecycle(base_rows, rhythms, AS_OF, ZONE)
    return customer_analytics(base_rows, {"rfm": values, "rhythm": rhythms, "lifecycle": stages})


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_the_segments_of_the_repository_load_and_are_answered(customers: pa.Table) -> None:
    folder = load_segments()
    assert folder.faults == []
    assert len(folder.items) >= 6
    run = find_members(folder, customers, AS_OF)
    assert run.faults == []
    assert run.segment_sizes.column("segment").to_pylist() == sorted(folder.items)
    assert run.segment_sizes.column("is_within_band").to_pylist() == [True] * len(folder.items)


def test_every_file_is_named_as_its_segment() -> None:
    folder = load_segments()
    assert {path.stem for path in files_of(SEGMENTS)} == set(folder.items)


def test_members_are_those_of_whom_the_condition_is_true(customers: pa.Table, tmp_path: Path) -> None:
    run = find_members(load_segments(written(tmp_path, top=GOOD)), customers, AS_OF)
    rows = customers.to_pylist()
    expected = sorted(row["customer_id"] for row in rows if row["value_tier"] == "top")
    assert run.segments.column("customer_id").to_pylist() == expected != []
    assert run.segment_sizes.to_pylist()[0]["count_customers"] == len(expected)


def test_unknown_is_not_a_member(customers: pa.Table, tmp_path: Path) -> None:
    text = GOOD.replace("value_tier = 'top'", "quiet_ratio < 100")
    run = find_members(load_segments(written(tmp_path, top=text)), customers, AS_OF)
    assert not any(customer.startswith("prospect") for customer in run.segments.column("customer_id").to_pylist())


@pytest.mark.parametrize(
    ("band", "is_within"),
    [
        ("{min_share: 0.01, max_share: 0.06}", True),
        ("{min_share: 0.10, max_share: 0.20}", False),
        ("{min_share: 0, max_share: 0.001}", False),
        ("{min_count: 1, max_count: 100000}", True),
        ("{min_count: 0, max_count: 1}", False),
    ],
)
def test_a_size_outside_its_band_is_told(customers: pa.Table, tmp_path: Path, band: str, is_within: bool) -> None:
    text = GOOD.replace("{min_share: 0.01, max_share: 0.06}", band)
    run = find_members(load_segments(written(tmp_path, top=text)), customers, AS_OF)
    assert run.segment_sizes.column("is_within_band").to_pylist() == [is_within]


def test_the_edge_of_a_share_is_inside() -> None:
    assert SizeBand(min_share=0.07, max_share=0.07).in_customers(100) == (7, 7)
    assert SizeBand(min_share=0.0, max_share=1.0).in_customers(0) == (0, 0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("value_tier = 'top'", "value_teir = 'top'"), "condition"),
        (("value_tier = 'top'", "value_tier = 3"), "condition"),
        (("value_tier = 'top'", "may_email"), "condition"),
        (("value_tier = 'top'", "customer_id in (select 1)"), "condition"),
        (("purpose: analysis", "purpose: sales"), "purpose"),
        (("owner: team:crm\n", ""), "owner"),
        (("{min_share: 0.01, max_share: 0.06}", "{min_share: 0.01}"), "expected_size"),
        (("{min_share: 0.01, max_share: 0.06}", "{min_share: 0.06, max_share: 0.01}"), "expected_size"),
        (("{min_share: 0.01, max_share: 0.06}", "{min_share: 1, max_share: 6}"), "expected_size"),
        (("title:", "titel:"), "titel"),
    ],
)
def test_a_slip_fences_its_own_segment(
    customers: pa.Table, tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    other = GOOD.replace("segment: top_customers", "segment: other")
    folder = load_segments(written(tmp_path, bad=GOOD.replace(*change), other=other))
    assert list(folder.items) == ["other"]
    assert {fault.file for fault in folder.faults} == {"bad.yaml"}
    assert any(complaint in fault.path for fault in folder.faults)
    run = find_members(folder, customers, AS_OF)
    assert run.segment_sizes.column("segment").to_pylist() == ["other"]
    assert run.faults == folder.faults


def test_a_condition_that_cannot_be_answered_stops_its_own_segment(customers: pa.Table, tmp_path: Path) -> None:
    absent = GOOD.replace("segment: top_customers", "segment: absent").replace("value_tier = 'top'", "has_phone")
    folder = load_segments(written(tmp_path, top=GOOD, absent=absent))
    run = find_members(folder, customers.drop_columns(["has_phone"]), AS_OF)
    assert run.segment_sizes.column("segment").to_pylist() == ["top_customers"]
    assert [fault.file for fault in run.faults] == ["absent.yaml"]


def test_no_segments_are_two_empty_tables(customers: pa.Table, tmp_path: Path) -> None:
    run = find_members(load_segments(tmp_path), customers, AS_OF)
    assert run.segments.num_rows == run.segment_sizes.num_rows == 0


def test_every_declared_column_is_there_in_its_kind(customers: pa.Table) -> None:
    there = columns_of(customers.schema)
    assert set(CUSTOMER_COLUMNS) <= set(there)
    wrong = {name for name, kind in CUSTOMER_COLUMNS.items() if kind_of(there[name]) != kind_of(kind)}
    assert wrong == set()
