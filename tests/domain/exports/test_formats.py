"""Every form, byte for byte: the golden files are what the receiving tools were promised."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.domain.exports.formats import FORMATS, call_list, google_ads, mailchimp, meta
from dagster_project.domain.exports.values import csv_bytes, free_text, valid_email, valid_phone
from tests.domain.exports.people import contact_points, contacts

GOLDEN = Path(__file__).parent / "golden"


def given(form: str) -> pa.Table:
    return contacts() if FORMATS[form].kind == "message" else contact_points()


def file_of(form: str) -> bytes:
    rows = FORMATS[form].make(given(form))
    return csv_bytes(rows.cells.filter(rows.sendable()))


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_the_bytes_are_those_of_the_golden_file(form: str) -> None:
    content = file_of(form)
    if os.environ.get("WRITE_GOLDEN"):  # then read the difference before committing it
        (GOLDEN / f"{form}.csv").write_bytes(content)
    assert content == (GOLDEN / f"{form}.csv").read_bytes()


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_row_is_sent_or_has_a_reason(form: str) -> None:
    people = given(form)
    rows = FORMATS[form].make(people)
    assert rows.cells.num_rows == len(rows.reasons) == people.num_rows
    assert tuple(rows.cells.column_names) == FORMATS[form].columns
    sent = list(csv.reader(io.StringIO(file_of(form).decode())))
    assert sent[0] == list(FORMATS[form].columns)
    assert len(sent) - 1 == sum(reason is None for reason in rows.reasons)
    assert any(rows.reasons), "somebody here cannot be reached"


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_an_empty_audience_is_a_header(form: str) -> None:
    rows = FORMATS[form].make(given(form).slice(0, 0))
    assert csv_bytes(rows.cells) == (",".join(FORMATS[form].columns) + "\n").encode()


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_no_cell_is_a_formula(form: str) -> None:
    for row in list(csv.reader(io.StringIO(file_of(form).decode())))[1:]:
        for column, cell in zip(FORMATS[form].columns, row, strict=True):
            assert not cell.startswith(("=", "-", "@", "\t", "\r")), column
            assert column == "phone" or not cell.startswith("+")
            assert "\n" not in cell
            assert "; =" not in cell


def test_a_phone_number_is_never_escaped() -> None:
    first = next(csv.DictReader(io.StringIO(file_of("call_list").decode())))
    assert first["phone"] == "+358401234567"


@pytest.mark.parametrize(
    ("form", "unknown"),
    [
        ("postal_list", ("358401234567", "example.com", "10017")),
        ("text_list", ("virtanen", "example.com", "kotikatu", "10017")),
        ("task_list", ("358401234567", "example.com", "kotikatu")),
        ("slot_list", ("aino", "virtanen", "358401234567", "example.com", "kotikatu")),
    ],
)
def test_whoever_delivers_learns_only_what_it_takes(form: str, unknown: tuple[str, ...]) -> None:
    content = file_of(form).decode().lower()
    assert not [value for value in unknown if value in content]
    assert "10017" in content or "aino" in content, "negative control"


def test_a_language_nobody_knows_falls_back_on_the_actions() -> None:
    read = csv.DictReader(io.StringIO(file_of("slot_list").decode()))
    rows = {row["customer_number"]: row["language"] for row in read}
    assert (rows["10017"], rows["'=7"]) == ("fi", "en")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_google_takes_hashes_of_its_own_normal_form() -> None:
    rows = {row["Email"] or row["Phone"]: row for row in csv.DictReader(io.StringIO(file_of("google_ads").decode()))}
    aino = rows[sha("aino.virtanen@example.com")]
    assert aino["Phone"] == sha("+358401234567")
    assert (aino["First Name"], aino["Last Name"], aino["Country"], aino["Zip"]) == (
        sha("aino"),
        sha("virtanen"),
        "FI",
        "00100",
    )
    cruz = rows[sha("+442079460958")]
    assert (cruz["First Name"], cruz["Last Name"], cruz["Country"]) == (sha("anna-maija"), sha("de la cruz"), "GB")


def test_meta_takes_hashes_of_another_normal_form() -> None:
    rows = list(csv.DictReader(io.StringIO(file_of("meta").decode())))
    aino, erkki = rows[0], rows[1]
    assert (aino["email"], aino["phone"]) == (sha("aino.virtanen@example.com"), sha("358401234567"))
    assert (erkki["ln"], erkki["ct"], erkki["zip"]) == (sha("äyräsohara"), sha("hämeenlinna"), sha("33100"))
    assert aino["country"] == sha("fi")


def test_no_two_destinations_share_a_hash_of_a_phone() -> None:
    google = {row["Phone"] for row in csv.DictReader(io.StringIO(file_of("google_ads").decode()))} - {""}
    others = {row["phone"] for row in csv.DictReader(io.StringIO(file_of("meta").decode()))} - {""}
    assert google
    assert others
    assert not google & others


@pytest.mark.parametrize("form", ["google_ads", "meta"])
def test_no_plain_contact_data_goes_to_an_ad_platform(form: str) -> None:
    content = file_of(form).decode().lower()
    for value in ("aino", "virtanen", "example", "358401234567", "helsinki"):
        assert value not in content


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ("aino@example.com", True),
        ("aino.v+lehti@posti.example.co", True),
        ("äijä@example.com", True),
        ("aino@äijä.fi", True),
        ("aino@xn--ij-uiab.fi", True),
        ("@example.com", False),
        ("+aino@example.com", False),
        ("-aino@example.com", False),
        ("aino@@example.com", False),
        ("aino@example..com", False),
        ("aino@-example.com", False),
        ("aino@example.com\nbcc:x@example.com", False),
        ("aino@example.com,other@example.com", False),
        ("aino", False),
        ("", False),
    ],
)
def test_an_address_is_taken_or_refused_never_mended(value: str, is_valid: bool) -> None:
    assert valid_email(value) is is_valid


@pytest.mark.parametrize(
    "value", ["+3584O1234567", "+0401234567", "+358401234567\n", "+358-40-1234567", "+12345678901234567"]
)
def test_a_number_that_is_not_e164_is_refused(value: str) -> None:
    assert not valid_phone(value)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A", "\t=1", "\r=1", "＝1", "a;=1", "a; +1", " \n-1"])
def test_free_text_never_calculates(text: str) -> None:
    assert "'" in free_text(text)


@pytest.mark.parametrize("text", ["Aino", "Anna-Maija", "a=b", "50 + 50", "O'Neil", "x@y"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert free_text(text) == text


def test_mailchimp_cuts_names_between_letters_and_sends_long_links_back() -> None:
    people = given("mailchimp").slice(0, 1)
    long = people.set_column(people.schema.get_field_index("first_name"), "first_name", pa.array(["Ä" * 200]))
    cell = mailchimp.make(long).cells["First Name"][0].as_py()
    assert cell == "Ä" * 127
    linked = people.set_column(people.schema.get_field_index("link"), "link", pa.array(["https://a.fi/" + "a" * 300]))
    assert mailchimp.make(linked).reasons == ["text_too_long"]
    scripted = people.set_column(people.schema.get_field_index("link"), "link", pa.array(["javascript:alert(1)"]))
    assert mailchimp.make(scripted).reasons == ["link_not_valid"]


def test_whom_each_tool_cannot_reach() -> None:
    assert mailchimp.make(given("mailchimp")).reasons == [
        None,
        None,
        "no_valid_email",
        "no_valid_email",
        "no_valid_email",
        None,
        "no_valid_email",
        "no_valid_email",
    ]
    assert [row for row in call_list.make(given("call_list")).reasons].count(None) == 2
    assert google_ads.make(given("google_ads")).reasons[3] == "no_match_key"
    assert google_ads.make(given("google_ads")).reasons[6] is None, "a whole address is enough for Google"
    assert meta.make(given("meta")).reasons[6] == "no_match_key", "and not for Meta"
