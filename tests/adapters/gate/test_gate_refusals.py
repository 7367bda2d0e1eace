"""A file that cannot be trusted as a whole: refused with one sentence, kept, and nobody else is stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.adapters.small_deliveries import GOOD, HEADER, Gate, packed, parquet

PLANTED = "aino.virtanen@example.com"  # planted in every file: no message may show it
ROWS = f"{HEADER}\n{GOOD}\nv2,2026-03-30 18:00:00,2,0.5,12.50,true,{PLANTED}\n"
PLAIN = {name: [value] for name, value in zip(HEADER.split(","), GOOD.split(","), strict=True)}

REFUSALS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "an empty file": ("visits.csv", lambda: b"", "empty_file"),
    "a header alone": ("visits.csv", lambda: f"{HEADER}\n".encode(), "empty_file"),
    "a zero-byte gzip": ("visits.csv.gz", lambda: b"", "empty_file"),
    "a gzip that holds nothing": ("visits.csv.gz", lambda: packed(""), "empty_file"),
    "a truncated gzip": ("visits.csv.gz", lambda: packed(ROWS)[:-9], "damaged_gzip"),
    "a gzip that is none": ("visits.csv.gz", lambda: ROWS.encode(), "damaged_gzip"),
    "a quote in the header": ("visits.csv", lambda: ROWS.replace("id,", 'i"d,', 1).encode(), "damaged_header"),
    "a header without a separator": (
        "visits.csv",
        lambda: ROWS.replace("guests,weight", "guestsweight", 1).encode(),
        "damaged_header",
    ),
    "a column twice": ("visits.csv", lambda: ROWS.replace("note", "note,note", 1).encode(), "damaged_header"),
    "no key column": ("visits.csv", lambda: ROWS.replace("id,", "ident,", 1).encode(), "missing_key_column"),
    "no header at all": ("visits.csv", lambda: ROWS.split("\n", 1)[1].encode(), "missing_key_column"),
    "columns of another table": ("guests.csv", lambda: b"number,name,extra\n1,Aino,x\n", "unknown_columns"),
    "an unclosed quote": ("visits.csv", lambda: ROWS.replace("window", '"window').encode(), "damaged_quotes"),
    "a quote that closes too early": (
        "visits.csv",
        lambda: ROWS.replace("window seat", '"window" seat').encode(),
        "damaged_quotes",
    ),
    "a NUL byte": ("visits.csv", lambda: ROWS.replace("window", "win\x00dow").encode(), "nul_byte"),
    "not UTF-8": ("visits.csv", lambda: ROWS.replace("window", "pöytä").encode("latin-1"), "not_utf8"),
    "JSON that is not UTF-8": ("visits.jsonl", lambda: b'{"id": "p\xf6yt\xe4"}\n', "not_utf8"),
    "JSON with a NUL byte": ("visits.jsonl", lambda: b'{"id": "\x00"}\n', "nul_byte"),
    "JSON lines that are none": ("visits.jsonl", lambda: b"\n\n", "empty_file"),
    "JSON without the key": ("visits.jsonl", lambda: b'{"note": "x"}\n', "missing_key_column"),
    "Parquet that is not Parquet": ("visits.parquet", lambda: ROWS.encode(), "not_parquet"),
    "Parquet cut off": ("visits.parquet", lambda: parquet(PLAIN)[:-20], "not_parquet"),
    "Parquet without rows": ("visits.parquet", lambda: parquet({name: [] for name in PLAIN}), "empty_file"),
    "Parquet without the key": ("visits.parquet", lambda: parquet({"note": ["x"]}), "missing_key_column"),
    "nested Parquet": ("visits.parquet", lambda: parquet({**PLAIN, "note": [[PLANTED]]}), "nested_column"),
    "binary Parquet": ("visits.parquet", lambda: parquet({**PLAIN, "note": [PLANTED.encode()]}), "nested_column"),
    "a table nobody knows": ("people.csv", ROWS.encode, "unknown_table"),
    "an ending nobody reads": ("visits.xlsx", ROWS.encode, "unknown_kind"),
    "no row that fits": ("visits.csv", lambda: f"{HEADER}\n,{PLANTED},,,,,\n".encode(), "no_row_fits"),
}


@pytest.mark.parametrize(("name", "content", "code"), REFUSALS.values(), ids=REFUSALS)
def test_it_is_refused_in_one_sentence(gate: Gate, name: str, content: Callable[[], bytes], code: str) -> None:
    delivered = content()
    delivery = gate.land(name, delivered)
    assert (delivery.status, delivery.reason_code) == ("refused", code)
    assert 0 < len(delivery.message) < 300
    assert "\n" not in delivery.message
    for value in (PLANTED, "window", "2026-03-30", "Aino"):
        assert value not in delivery.message
    assert gate.ledger.deliveries("cafe") == [delivery], "what is refused is recorded too"
    assert not list(gate.settings.at_home.lake.rglob("*.parquet"))
    archived = [path for path in gate.settings.at_home.vault_archive.rglob("*") if path.is_file()]
    assert delivered in [path.read_bytes() for path in archived], "the bytes are kept for whoever asks"


@pytest.mark.parametrize("name", ["visits.csv", "visits.csv.gz", "visits.jsonl"])
def test_a_line_of_50_mb_is_refused(gate: Gate, name: str) -> None:
    line = b"x" * (50 * 1024 * 1024)
    delivery = gate.land(name, packed(line) if name.endswith(".gz") else line)
    assert (delivery.status, delivery.reason_code) == ("refused", "line_too_long")
    assert "50 MiB" in delivery.message


def test_a_refused_file_stops_no_other(gate: Gate) -> None:
    told = [gate.land("visits_1.csv", ""), gate.land("visits_2.csv", [HEADER, GOOD]), gate.land("visits_3.csv.gz", b"")]
    assert [delivery.status for delivery in told] == ["refused", "loaded", "refused"]
    assert [delivery.file_name for delivery in gate.ledger.accepted_files()] == ["visits_2.csv"]


def test_a_refused_file_is_taken_once_its_contract_is_mended(gate: Gate) -> None:
    assert gate.land("people.csv", [HEADER, GOOD]).status == "refused"
    assert gate.land("people.csv", [HEADER, GOOD], table="visits").status == "loaded"


def test_the_line_of_an_unclosed_quote_is_told(gate: Gate) -> None:
    told = gate.land("visits.csv", [HEADER, GOOD, GOOD.replace("v1", "v2").replace("window", '"window'), GOOD])
    assert "line 3" in told.message


def test_another_currency_than_the_reports_is_refused(gate: Gate) -> None:
    gate.contract = gate.contract.model_copy(update={"currency": "SEK"})
    assert gate.land("visits.csv", [HEADER, GOOD]).reason_code == "other_currency"
