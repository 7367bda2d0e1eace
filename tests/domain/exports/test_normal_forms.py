"""How each platform writes an address, a number or a name before it is hashed, and what it takes at most."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pyarrow as pa
import pytest

from dagster_project.domain.exports.formats import braze, google_data_manager, letter_file, plain
from dagster_project.domain.exports.formats import linkedin as linkedin_form
from dagster_project.errors import HoivaError
from tests.domain.exports.forms import FORMS, file_of, given, rows_in, with_all
from tests.domain.exports.people import contact_points, contacts


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rows_of(form: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file_of(form).decode())))


def reasons(form: str) -> list[str | None]:
    return FORMS[form].make(given(form)).reasons.to_pylist()


def test_google_takes_hashes_of_its_own_normal_form() -> None:
    rows = {row["Email"] or row["Phone"]: row for row in rows_of("google_ads")}
    aino = rows[sha("aino.virtanen@example.com")]
    assert aino["Phone"] == sha("+358401234567")
    assert (aino["First Name"], aino["Last Name"]) == (sha("aino"), sha("virtanen"))
    assert (aino["Country"], aino["Zip"]) == ("FI", "00100")
    cruz = rows[sha("+442079460958")]
    assert (cruz["First Name"], cruz["Last Name"], cruz["Country"]) == (sha("anna-maija"), sha("de la cruz"), "GB")


def test_meta_takes_hashes_of_another_normal_form() -> None:
    aino, erkki = rows_of("meta")[:2]
    assert (aino["email"], aino["phone"]) == (sha("aino.virtanen@example.com"), sha("358401234567"))
    assert (erkki["ln"], erkki["ct"], erkki["zip"]) == (sha("äyräsohara"), sha("hämeenlinna"), sha("33100"))
    assert aino["country"] == sha("fi")


def test_google_and_meta_share_no_hash_of_a_phone() -> None:
    google = {row["Phone"] for row in rows_of("google_ads")} - {""}
    others = {row["phone"] for row in rows_of("meta")} - {""}
    assert google
    assert others
    assert not google & others


def test_whom_each_tool_cannot_reach() -> None:
    no = "no_valid_email"
    assert reasons("mailchimp") == [None, None, no, no, no, None, no, no]
    assert reasons("call_list").count(None) == 2
    assert reasons("google_ads")[3] == "no_match_key"
    assert reasons("google_ads")[6] is None, "a whole address is enough for Google"
    assert reasons("meta")[6] == "no_match_key", "and not for Meta"
    assert reasons("linkedin")[2] == "no_match_key", "LinkedIn matches by the address alone"
    assert reasons("klaviyo")[4] is None, "Klaviyo takes letters that Mailchimp does not"


def test_the_data_manager_takes_members_with_the_identifiers_they_have() -> None:
    (line,) = file_of("google_data_manager").decode().splitlines()
    body = json.loads(line)
    assert body["encoding"] == "HEX"
    assert body["consent"] == {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
    aino = body["audienceMembers"][0]["userData"]["userIdentifiers"]
    address = {"givenName": sha("aino"), "familyName": sha("virtanen"), "regionCode": "FI", "postalCode": "00100"}
    assert aino == [
        {"emailAddress": sha("aino.virtanen@example.com")},
        {"phoneNumber": sha("+358401234567")},
        {"address": address},
    ]
    assert max(len(member["userData"]["userIdentifiers"]) for member in body["audienceMembers"]) <= 10
    removal = FORMS["google_data_manager"].files("remove", cells_of("google_data_manager"))[0]
    assert "consent" not in json.loads(removal.content), "a removal asks for no consent"


def cells_of(form: str) -> pa.Table:
    rows = FORMS[form].make(given(form))
    return rows.cells.filter(rows.sendable())


def test_the_data_manager_takes_ten_thousand_members_a_request() -> None:
    cells = cells_of("google_data_manager").take([0] * 20_001)
    (file,) = FORMS["google_data_manager"].files("add", cells)
    sizes = [len(json.loads(line)["audienceMembers"]) for line in file.content.decode().splitlines()]
    assert sizes == [10_000, 10_000, 1]
    assert file.count_rows == 20_001


@pytest.mark.parametrize(
    ("value", "normal"),
    [
        ("A.i.n.o+news@GMAIL.com", "aino@gmail.com"),
        ("aino.v@googlemail.com", "ainov@googlemail.com"),
        ("aino.v+news@example.com", "aino.v+news@example.com"),
        ("...@gmail.com", ""),
    ],
)
def test_only_gmail_loses_dots_and_what_follows_a_plus(value: str, normal: str) -> None:
    assert google_data_manager.email(value) == normal


def test_tiktok_takes_numbers_with_the_plus_or_without() -> None:
    assert rows_of("tiktok")[0]["Phone_SHA256"] == sha("+358401234567")
    assert rows_of("tiktok_without_plus")[0]["Phone_SHA256"] == sha("358401234567")


def test_a_list_for_linkedin_is_split_at_its_limits() -> None:
    cells = cells_of("linkedin").take([0] * 300_001)
    files = FORMS["linkedin"].files("add", cells)
    assert [file.name for file in files] == [f"add{end}.csv" for end in ("", "_2", "_3")]
    assert sum(file.count_rows for file in files) == 300_001
    assert max(len(memoryview(file.content)) for file in files) <= linkedin_form.MOST_BYTES
    assert max(file.count_rows for file in files) <= linkedin_form.MOST_ROWS


def test_braze_is_told_none_where_a_blank_would_leave_the_former_offer() -> None:
    rows = rows_of("braze")
    assert [row["hoiva_offer"] for row in rows][1:] == [braze.NONE] * (len(rows) - 1)
    assert all(row[column] for row in rows for column in braze.OWN.values())


def test_custobar_is_told_what_each_customer_allows() -> None:
    rows = rows_of("custobar_list")
    assert {row["can_email"] for row in rows} == {"true", "false"}
    assert "can_profile" not in rows[0]


def test_a_letter_has_an_address_block_and_a_checked_postal_code() -> None:
    aino, _, anna = rows_of("letter_file")[:3]
    lines = [aino[f"address_{number}"] for number in range(1, 7)]
    assert lines == ["Aino Virtanen", "Kotikatu 1", "00100 HELSINKI", "", "", ""]
    assert [anna[f"address_{number}"] for number in range(3, 6)] == ["LONDON", "SW1A 1AA", "UNITED KINGDOM"]
    abroad = rows_of("letter_file_from_sweden")[0]
    assert abroad["address_4"] == "FINLAND", "posted in Sweden, Finland is abroad"


@pytest.mark.parametrize(
    ("code", "country", "written"),
    [
        ("00100", "FI", "00100"),
        ("0010", "FI", ""),
        ("001000", "FI", ""),
        ("O0100", "FI", ""),
        ("22100", "AX", "AX-22100"),
        ("11122", "SE", "111 22"),
        ("111 22", "SE", "111 22"),
        ("0150", "NO", "0150"),
        ("LV-1010", "LV", "LV-1010"),
        ("1010", "LV", "LV-1010"),
        ("01103", "LT", "LT-01103"),
        ("1012ab", "NL", "1012 AB"),
        ("00-950", "PL", "00-950"),
        ("ec1a 1bb", "GB", "EC1A 1BB"),
        ("12345", "US", ""),
    ],
)
def test_a_postal_code_is_written_as_its_country_does_or_sent_back(code: str, country: str, written: str) -> None:
    assert letter_file.written_code(code, country) == written


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"postal_code": "0010"}, "postal_code_not_valid"),
        ({"country_code": "US"}, "country_not_served"),
        ({"street": "K" * 41}, "address_too_long"),
        ({"city": None}, "no_valid_address"),
        ({"city": "Turku"}, None),
    ],
)
def test_a_letter_that_would_not_arrive_is_sent_back(changed: dict[str, str | None], reason: str | None) -> None:
    one = contacts().slice(0, 1)
    for name, value in changed.items():
        one = one.set_column(one.schema.get_field_index(name), name, pa.array([value], pa.string()))
    form = FORMS["letter_file"]
    assert form.make(with_all(form, one)).reasons.to_pylist() == [reason]


@pytest.mark.parametrize(
    ("kind", "columns", "fault"),
    [
        ("message", ("customer_number", "contact_id"), "contact_id comes first"),
        ("message", ("contact_id", "treatment"), "who the customer is"),
        ("message", ("contact_id", "email", "email"), "comes twice"),
        ("message", ("contact_id", "birth_date"), "birth_date"),
        ("membership", ("email", "offer"), "offer"),
    ],
)
def test_columns_of_a_plain_file_are_declared_from_what_there_is(
    kind: str, columns: tuple[str, ...], fault: str
) -> None:
    with pytest.raises(HoivaError, match=fault):
        plain.form("plain_csv", kind, columns)  # type: ignore[arg-type]


def test_a_plain_file_has_the_declared_columns_and_types() -> None:
    (first, *_) = rows_in(file_of("plain_parquet"), "parquet")
    assert first["priority"] == 1
    assert str(first["planned_for"]) == "2026-03-31 06:30:00+00:00"
    refused = FORMS["plain_csv_members"].make(with_all(FORMS["plain_csv_members"], contact_points())).refused()
    assert [reason for _, reason in refused] == ["not_recognisable"]
