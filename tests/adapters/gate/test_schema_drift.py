"""Every drift in every mode does what the contract's page says, cell by cell; and each refusal says what to do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from dagster_project.adapters.gate.proposing import proposal_file
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.settings import CHECKOUT
from tests.adapters.small_deliveries import Gate

PAGE = (CHECKOUT / "docs/contracts/schema_drift.md").read_text()
MODES = ("refuse", "quarantine", "accept_known", "evolve")
TABLE: dict[str, Any] = {
    "key": ["visit_id"],
    "columns": {
        "visit_id": {"required": True},
        "guests": {"type": "integer"},
        "price": {"type": "decimal"},
        "day": {"type": "date"},
        "mood": {"values": ["good", "bad"]},
        "note": {"also": ["remark"]},
        "table": {"optional": True},
    },
}
RECORDS: list[dict[str, Any]] = [
    {
        "visit_id": f"v{n}",
        "guests": "2",
        "price": "12.50",
        "day": "2026-03-30",
        "mood": "good",
        "note": "x",
        "table": "1",
    }
    for n in range(4)
]
PLANTED = "aino.virtanen@example.com"


def changed(**new: Any) -> list[dict[str, Any]]:
    """The second half of the records with these values."""
    return [*RECORDS[:2], *({**record, **new} for record in RECORDS[2:])]


def renamed(old: str, new: str) -> list[dict[str, Any]]:
    return [{new if name == old else name: value for name, value in record.items()} for record in RECORDS]


def without(*names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name not in names} for record in RECORDS]


DRIFTS: dict[str, list[dict[str, Any]]] = {
    "a new column": [{**record, "buyer": PLANTED} for record in RECORDS],
    "an optional column is gone": without("table"),
    "a column that no record needs is gone": without("note"),
    "a key column is gone": without("visit_id"),
    "a column has a new name": renamed("note", "comment"),
    "a column has a new name that `also` lists": renamed("note", "remark"),
    "the columns come in another order": [dict(reversed(record.items())) for record in RECORDS],
    "a name is spelled otherwise": renamed("guests", "\ufeffGuests "),
    "a type became wider": changed(guests="2.5"),
    "a type became narrower": changed(price="12"),
    "dates are written otherwise": changed(day="30.3.2026"),
    "a unit stands beside the number": changed(price="12.50 EUR"),
    "nested where it was flat": changed(note={"text": PLANTED}),
    "a new word in a listed column": changed(mood="splendid"),
}


def cells() -> dict[tuple[str, str], str]:
    """What the page says, by drift and mode."""
    table = PAGE.split("## Every drift in every mode")[1].split("## Proposals")[0]
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    assert [word.strip("`") for word in rows[0][1:]] == list(MODES)
    return {(row[0], mode): cell for row in rows[2:] for mode, cell in zip(MODES, row[1:], strict=True)}


def contract_of(mode: str, table: dict[str, Any] = TABLE) -> SourceContract:
    tables = {"visits": {**table, "drift": mode}}
    return SourceContract.model_validate({"source": "cafe", "title": "A café", "owner": "team:data", "tables": tables})


def land(gate: Gate, records: list[dict[str, Any]]) -> Delivery:
    """The records as a CSV; where a value is nested, as JSON lines."""
    if any(isinstance(value, dict) for record in records for value in record.values()):
        return gate.land("visits.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    return gate.land("visits.csv", [",".join(records[0]), *(",".join(record.values()) for record in records)])


def outcome(gate: Gate, delivery: Delivery) -> str:
    """What became of a file, in the page's words."""
    reasons = {reason for _, _, reason in gate.misfits(delivery)}
    lines = [line for line, _, _ in gate.misfits(delivery)]
    told = f"quarantined: {', '.join(sorted(reasons))}" if reasons else "loaded"
    if delivery.status == "refused":
        told = f"refused: {delivery.reason_code}"
        assert gate.rows(delivery) == []
    else:
        assert delivery.count_delivered == 4 == len(gate.rows(delivery)) + len(lines)
        assert lines in ([], [3, 4], [4, 5]), "the half that changed, and no other"
    return told + (", proposed" if proposal_file(gate.settings, "cafe", "visits").exists() else "")


def test_the_page_tells_of_every_drift_and_no_other() -> None:
    assert {drift for drift, _ in cells()} == set(DRIFTS)
    assert len(cells()) >= 48


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drift_ends_as_the_page_says(gate: Gate, drift: str, mode: str) -> None:
    gate.contract = contract_of(mode)
    delivery = land(gate, DRIFTS[drift])
    assert outcome(gate, delivery) == cells()[drift, mode]
    assert PLANTED not in delivery.message, "what a file has in its header may be anything"
    if delivery.status == "refused":
        assert re.search(r"ask|name|write|say|should have", delivery.message.lower()), delivery.message


@pytest.mark.parametrize("mode", MODES)
def test_a_file_as_promised_is_loaded_in_every_mode_without_a_word(gate: Gate, mode: str) -> None:
    gate.contract = contract_of(mode)
    delivery = land(gate, RECORDS)
    assert (outcome(gate, delivery), delivery.message) == ("loaded", "")


def test_a_gate_of_another_mode_is_caught() -> None:
    """The negative control: the modes differ, so that a gate that ignored the key would fail above."""
    for one in MODES:
        for other in MODES[: MODES.index(one)]:
            assert [cells()[drift, one] for drift in DRIFTS] != [cells()[drift, other] for drift in DRIFTS]


def test_values_are_taken_from_the_column_that_was_meant(gate: Gate) -> None:
    gate.contract = contract_of("accept_known")
    assert [row["guests"] for row in gate.rows(land(gate, DRIFTS["a name is spelled otherwise"]))] == [2, 2, 2, 2]
    assert [row["note"] for row in gate.rows(land(gate, DRIFTS["a column has a new name that `also` lists"]))] == [
        "x"
    ] * 4
    assert [row["note"] for row in gate.rows(land(gate, DRIFTS["a column has a new name"]))] == [None] * 4


def test_what_was_taken_otherwise_is_told(gate: Gate) -> None:
    gate.contract = contract_of("accept_known")
    told = {drift: land(gate, records).message for drift, records in DRIFTS.items() if "key" not in drift}
    assert "was left" in told["a new column"] or "were left: 1" in told["a new column"]
    assert "blank throughout" in told["a column has a new name"]
    assert "note" in told["a column has a new name"]
    assert "another spelling: guests" in told["a name is spelled otherwise"]


@pytest.mark.parametrize("mode", MODES)
def test_two_spellings_in_one_file_are_not_chosen_between(gate: Gate, mode: str) -> None:
    gate.contract = contract_of(mode)
    records = [{**record, "GUESTS": "3", "Guests": "4"} for record in without("guests")]
    assert (land(gate, records).status, land(gate, records).reason_code) == ("refused", "damaged_header")
    both = [{**record, "remark": "y"} for record in RECORDS]
    assert land(gate, both).reason_code == "damaged_header"


@pytest.mark.parametrize("drift", [drift for drift in DRIFTS if cells()[drift, "evolve"].endswith("proposed")])
def test_the_proposal_makes_the_file_fit(gate: Gate, drift: str) -> None:
    """Written into the contract as it stands, it takes every record; where only a person can know, it says so."""
    gate.contract = contract_of("evolve")
    land(gate, DRIFTS[drift])
    path = proposal_file(gate.settings, "cafe", "visits")
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert len([line for line in text.splitlines() if line.startswith("# ")]) >= 2
    proposed = YAML(typ="safe").load(text)
    if drift in ("a unit stands beside the number",):
        assert "ask the supplier" in text
        return
    records = DRIFTS[drift]
    if drift == "dates are written otherwise":
        records = [{**record, "day": "30.3.2026"} for record in RECORDS]  # from then on all of them
    gate.contract = contract_of("quarantine", {**proposed, "drift": "quarantine"})
    again = land(gate, [{**record, "table": "2"} for record in records])
    assert (again.status, again.count_loaded, again.count_quarantined) == ("loaded", 4, 0), again.message
    if drift != "a column has a new name":
        assert again.message == ""


def test_a_file_in_which_nothing_fits_is_refused_with_the_column_and_proposed(gate: Gate) -> None:
    gate.contract = contract_of("evolve")
    delivery = land(gate, [{**record, "day": "30.3.2026"} for record in RECORDS])
    assert (delivery.status, delivery.reason_code) == ("refused", "no_row_fits")
    assert "day: not_a_date (4)" in delivery.message
    assert "%d.%m.%Y" in proposal_file(gate.settings, "cafe", "visits").read_text()
