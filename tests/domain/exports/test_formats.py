"""Every form, byte for byte: the golden files are what the receiving tools were promised."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.domain.exports.formats import DIGESTS, mailchimp
from dagster_project.domain.exports.values import free_text, valid_email, valid_phone
from dagster_project.domain.exports.writing import csv_bytes
from tests.domain.exports.forms import FORMS, HASHED, file_of, given, medium_of, rows_in, texts_in
from tests.domain.exports.people import contact_points

GOLDEN = Path(__file__).parent / "golden"
IN_CSV = sorted(name for name in FORMS if medium_of(name) == "csv")


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_bytes_are_those_of_the_golden_file(form: str) -> None:
    content = file_of(form)
    golden = GOLDEN / f"{form}.{medium_of(form)}"
    if os.environ.get("WRITE_GOLDEN"):  # then read the difference before committing it
        golden.write_bytes(content)
    assert content == golden.read_bytes()


def test_every_golden_file_belongs_to_a_form() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{form}.{medium_of(form)}" for form in FORMS}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_row_is_sent_or_has_a_reason(form: str) -> None:
    people = given(form)
    rows = FORMS[form].make(people)
    assert rows.cells.num_rows == len(rows.reasons) == people.num_rows
    assert tuple(rows.cells.column_names) == FORMS[form].columns
    assert len(rows_in(file_of(form), medium_of(form))) == rows.reasons.null_count
    assert rows.refused(), "somebody here cannot be reached"


@pytest.mark.parametrize("form", IN_CSV)
def test_an_empty_audience_is_a_header(form: str) -> None:
    rows = FORMS[form].make(given(form).slice(0, 0))
    assert csv_bytes(rows.cells) == (",".join(FORMS[form].columns) + "\n").encode()


@pytest.mark.parametrize("form", IN_CSV)
def test_no_cell_is_a_formula(form: str) -> None:
    for row in list(csv.reader(io.StringIO(file_of(form).decode())))[1:]:
        for column, cell in zip(FORMS[form].columns, row, strict=True):
            assert not cell.startswith(("=", "-", "@", "\t", "\r")), column
            assert "phone" in column.lower() or not cell.startswith("+")
            assert "\n" not in cell
            assert "; =" not in cell


@pytest.mark.parametrize("form", ["plain_json_lines", "plain_parquet"])
def test_typed_files_say_a_text_as_it_is(form: str) -> None:
    offers = [row.get("offer") for row in rows_in(file_of(form), medium_of(form))]
    assert "-20 % this week" in offers, "no spreadsheet reads this file"
    assert "'-20 % this week" in file_of("plain_csv").decode(), "negative control"


@pytest.mark.parametrize("form", ["call_list", "klaviyo_list", "hubspot_list", "custobar", "braze", "plain_csv"])
def test_a_phone_number_is_never_escaped(form: str) -> None:
    assert any("+358401234567" in row.values() for row in rows_in(file_of(form), "csv"))


@pytest.mark.parametrize(
    ("form", "unknown"),
    [
        ("postal_list", ("358401234567", "example.com", "10017")),
        ("letter_file", ("358401234567", "example.com", "10017")),
        ("text_list", ("virtanen", "example.com", "kotikatu", "10017")),
        ("task_list", ("358401234567", "example.com", "kotikatu")),
        ("slot_list", ("aino", "virtanen", "358401234567", "example.com", "kotikatu")),
        ("braze_list", ("aino", "virtanen", "358401234567", "example.com", "kotikatu")),
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


@pytest.mark.parametrize("form", HASHED)
def test_no_plain_contact_data_goes_to_an_ad_platform(form: str) -> None:
    content = file_of(form).decode().lower().replace("emailaddress", "")
    for value in ("aino", "virtanen", "example", "358401234567", "helsinki"):
        assert value not in content


def test_equal_rules_share_a_digest_and_other_rules_do_not() -> None:
    people = contact_points()
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name, form in FORMS.items():
        for digest in form.digests:
            columns = [[value or "" for value in people[point].to_pylist()] for point in digest.of]
            normal = [digest.normal(*(value.strip() for value in row)) for row in zip(*columns, strict=True)]
            assert found.setdefault(digest.of, {}).setdefault(digest.rule, normal) == normal, name
    assert {rule for rules in found.values() for rule in rules} == {digest.rule for digest in DIGESTS.values()}
    assert len(found[("phone",)]) == 2
    assert found[("phone",)]["e164"] != found[("phone",)]["digits"], "a platform's rule has its own digest"


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


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A", "\t=1", "\r=1", "＝1", "a;=1", "a; +1", " \n-1", "\u200f=1"])
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
    assert mailchimp.make(linked).reasons.to_pylist() == ["text_too_long"]
    scripted = people.set_column(people.schema.get_field_index("link"), "link", pa.array(["javascript:alert(1)"]))
    assert mailchimp.make(scripted).reasons.to_pylist() == ["link_not_valid"]


def test_a_form_is_given_nothing_it_did_not_ask_for() -> None:
    for name, form in FORMS.items():
        names = given(name).column_names
        assert not {"email", "phone", "street", "first_name"} - {*form.contact_points} & {*names}, name
    assert "email" in given("mailchimp").column_names, "negative control"


def test_every_text_of_every_form_is_one_line() -> None:
    for name in FORMS:
        found = [text for row in rows_in(file_of(name), medium_of(name)) for text in texts_in(row)]
        assert found, name
        assert not [text for text in found if "\n" in text or "\x00" in text], name
