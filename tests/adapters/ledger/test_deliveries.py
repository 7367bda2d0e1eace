"""The register of deliveries: what counts, and what counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.errors import HoivaError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = Delivery("f" * 32, "shop", "invoice_lines", "lines.csv", "loaded", NOON, NOON, "", "", 10, 8, 2)


def test_a_loaded_file_counts_and_a_refused_one_does_not(ledger: Ledger) -> None:
    ledger.record_delivery(FIRST)
    ledger.record_delivery(replace(FIRST, file_id="e" * 32, status="refused", reason_code="header", count_loaded=0))
    assert ledger.accepted_files() == [FIRST]
    assert [delivery.status for delivery in ledger.deliveries("shop")] == ["loaded", "refused"]


def test_the_same_bytes_leave_a_repeated_row_beside_the_first(ledger: Ledger) -> None:
    ledger.record_delivery(FIRST)
    ledger.record_delivery(replace(FIRST, status="repeated", count_loaded=0, count_quarantined=0))
    assert ledger.delivery_by_file("shop", FIRST.file_id) == FIRST
    assert len(ledger.deliveries()) == 2


def test_the_same_bytes_cannot_count_twice(ledger: Ledger) -> None:
    ledger.record_delivery(FIRST)
    with pytest.raises(HoivaError, match="already loaded"):
        ledger.record_delivery(FIRST)
    assert len(ledger.deliveries()) == 1


def test_a_file_that_lost_rows_cannot_count(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="nothing_is_lost"):
        ledger.record_delivery(replace(FIRST, count_loaded=7))


def test_a_file_of_another_source_is_another_file(ledger: Ledger) -> None:
    ledger.record_delivery(FIRST)
    assert ledger.delivery_by_file("hubspot", FIRST.file_id) is None
    assert ledger.accepted_files("hubspot") == []
