"""A no counts, whatever became of its row: broken, held, or in a file refused as a whole."""

from __future__ import annotations

import gzip
import json

import pytest

from dagster_project.adapters.gate import contracts_in, opt_outs, passing
from dagster_project.adapters.gate.typing import pseudonym
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.domain.identity.ids import record_ids
from dagster_project.settings import CHECKOUT
from tests.adapters.small_deliveries import Gate, parquet

HEADER = "contact_id,purpose,channel,is_given,changed_at"
GOOD = "1,marketing,email,true,2026-03-30 18:00:00"
SHIPPED = contracts_in(CONTRACTS).items


def stopped(gate: Gate) -> set[tuple[str, str, str]]:
    """Who is suppressed: the customer's id alone, purpose, channel."""
    rows = gate.ledger.suppressions().to_pylist()
    assert {row["reason"] for row in rows} <= {"withdrawn", "opted_out"}
    return {(row["customer_id"], row["purpose"], row["channel"]) for row in rows}


def is_stopped(gate: Gate, who: str, purpose: str, channel: str) -> bool:
    """Whether a suppression covers this question."""
    return bool(stopped(gate) & {(who, one, way) for one in (purpose, "*") for way in (channel, "*")})


def contact(gate: Gate, number: str, kind: str = "standard:contact") -> str:
    return record_ids([f"{kind}:{number}"], gate.settings.identity_salt)[0]


@pytest.fixture
def consents(gate: Gate) -> Gate:
    gate.contract = SHIPPED["standard"]
    return gate


BROKEN_ROWS = {
    "a moment that is none": ("7,marketing,sms,false,yesterday", ("marketing", "sms")),
    "a separator too many behind": ("7,marketing,sms,No,2026-03-30,18:00:00", ("marketing", "sms")),
    "a separator too few behind": ("7,marketing,sms,FALSE", ("marketing", "sms")),
    "a separator too many before": ("7,,marketing,sms,0,2026-03-30 18:00:00", ("marketing", "sms")),
    "a stray quote": ('7,marketing,sms,false,2026-03-30 18:00:00"', ("marketing", "sms")),
    "no channel": ("7,marketing,,false,2026-03-30 18:00:00", ("marketing", "*")),
    "neither channel nor purpose": ("7,,,f,2026-03-30 18:00:00", ("*", "*")),
}


@pytest.mark.parametrize(("row", "what"), BROKEN_ROWS.values(), ids=BROKEN_ROWS)
def test_a_no_in_a_broken_row_counts(consents: Gate, row: str, what: tuple[str, str]) -> None:
    delivery = consents.land("consents.csv", [HEADER, GOOD, row])
    assert (delivery.status, delivery.count_quarantined) == ("loaded", 1)
    assert is_stopped(consents, contact(consents, "7"), *what)
    assert "count all the same" in delivery.message
    assert contact(consents, "1") not in {who for who, _, _ in stopped(consents)}, "the row that fits says yes"


@pytest.mark.parametrize(
    "row",
    ["7,marketing,sms,true,yesterday", "7,marketing,sms,maybe,2026-03-30 18:00:00", ",marketing,sms,false,yesterday"],
    ids=["yes", "neither", "nobody"],
)
def test_what_is_no_refusal_stops_nobody(consents: Gate, row: str) -> None:
    assert consents.land("consents.csv", [HEADER, GOOD, row]).count_quarantined == 1
    assert stopped(consents) == set()


def test_a_no_in_a_damaged_line_of_json_counts(consents: Gate) -> None:
    good = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    no = json.dumps(good | {"contact_id": "7", "is_given": False})
    delivery = consents.land(
        "consents.jsonl", [json.dumps(good), no[:-12], no.replace('"7"', "8").replace(":", "::", 1)]
    )
    assert delivery.count_quarantined == 2
    assert (contact(consents, "7"), "marketing", "email") in stopped(consents)


WHOLE = "\n".join([HEADER, GOOD, "7,marketing,email,false,2026-03-30 18:00:00", GOOD]) + "\n"
REFUSED_FILES = {
    "an open quote elsewhere": ("consents.csv", WHOLE.replace("1,mark", '"1,mark', 1).encode()),
    "a letter of another encoding": ("consents.csv", WHOLE.replace("marketing", "markkinöinti", 1).encode("latin-1")),
    "UTF-16": ("consents.csv", WHOLE.encode("utf-16")),
    "a NUL byte": ("consents.csv", WHOLE.replace("1,", "1\x00,", 1).encode()),
    "a lost column": ("consents.csv", WHOLE.replace("purpose", "propose", 1).encode()),
    "a gzip cut off": ("consents.csv.gz", gzip.compress(WHOLE.encode() + bytes(range(65, 91)) * 40)[:-9]),
    "Parquet without a column": (
        "consents.parquet",
        parquet({"contact_id": ["7", "1"], "is_given": [False, True], "channel": ["email", "email"]}),
    ),
    "no row that fits": ("consents.csv", f"{HEADER}\n7,marketing,email,false,never\n".encode()),
}


@pytest.mark.parametrize(("name", "content"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_a_no_in_a_refused_file_counts(consents: Gate, name: str, content: bytes) -> None:
    delivery = consents.land(name, content)
    assert delivery.status == "refused"
    assert contact(consents, "7") in {who for who, _, channel in stopped(consents) if channel in ("email", "*")}
    assert contact(consents, "1") not in {who for who, _, _ in stopped(consents)}


def test_a_no_in_a_held_file_counts(consents: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "_failed_expectations", lambda *_: "too few rows")
    assert consents.land("consents.csv", WHOLE, expectations=True).status == "held"
    assert stopped(consents) == {(contact(consents, "7"), "marketing", "email")}


def test_whoever_is_known_by_a_pseudonym_is_found_by_it(gate: Gate) -> None:
    gate.contract = SHIPPED["mailchimp"]
    columns = list(gate.contract.tables["unsubscribe"].columns)
    good = dict.fromkeys(columns, "") | {"member_id": "abc", "timestamp": "2026-03-30 18:00:00"}
    bad = [dict(good, member_id="def", timestamp="soon"), dict(good, member_id="ghi", list_id="a,b")]
    lines = [",".join(columns), *(",".join(row.values()) for row in [good, *bad])]
    assert gate.land("unsubscribe.csv", lines).count_quarantined == 2
    hidden = [str(pseudonym(value, gate.settings.identity_salt)) for value in ("def", "ghi")]
    expected = {
        (contact(gate, one, "mailchimp:member"), "marketing", way) for one in hidden for way in ("email", "ads")
    }
    assert expected <= stopped(gate)


def test_the_suppression_is_there_before_the_delivery_is(consents: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the two must leave the no, not the file: the file is landed again."""
    order: list[str] = []
    for name in ("suppress", "record_delivery"):
        real = getattr(consents.ledger, name)
        monkeypatch.setattr(consents.ledger, name, lambda *a, _n=name, _r=real: (order.append(_n), _r(*a))[1])
    consents.land("consents.csv", [HEADER, GOOD, "7,marketing,sms,false,yesterday"])
    assert order == ["suppress", "record_delivery"]


def test_a_gate_that_forgets_the_refusals_is_caught(consents: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opt_outs, "of_misfits", lambda *_: [])
    consents.land("consents.csv", [HEADER, GOOD, "7,marketing,sms,false,yesterday"])
    assert stopped(consents) == set(), "negative control: it is the gate that hands them over"


def test_every_shipped_rule_names_records_as_staging_does() -> None:
    models = "\n".join(path.read_text() for path in (CHECKOUT / "dbt_project/models/staging").rglob("*.sql"))
    told = [
        rule.record for contract in SHIPPED.values() for table in contract.tables.values() for rule in table.opt_outs
    ]
    assert len(told) >= 9
    for record in told:
        assert f"'{record.split('{')[0]}' || " in models, record
