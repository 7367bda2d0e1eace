"""The same address typed differently becomes the same value; different addresses never do."""

from __future__ import annotations

import pyarrow as pa
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from dagster_project.domain.identity.contacts import PASSED_ON, WRITTEN, normalise_column, normalise_contacts
from dagster_project.domain.identity.normalise import (
    HAS_EXTENSION,
    LOOK_ALIKE_LETTERS,
    NOT_A_NUMBER,
    NOT_AN_ADDRESS,
    PLACEHOLDER,
    Normalised,
    folded,
    normalise_email,
    normalise_phone,
)

LETTERS = "aåäöéßıİſꭰАаеοx1._+-"
ENDINGS = st.sampled_from(["fi", "FI", "com", "рф"])
ADDRESSES = st.builds("{}@{}.{}".format, st.text(LETTERS, min_size=1), st.text(LETTERS, min_size=1), ENDINGS)


@pytest.mark.parametrize(
    "written",
    [
        "äijälä@posti.fi",
        "ÄIJÄLÄ@POSTI.FI",
        " A\u0308ija\u0308la\u0308@Posti.fi\n",  # decomposed, as a Mac's file names and some exports have it
        "äijälä@posti.fi\u00a0",
    ],
)
def test_an_address_typed_differently_is_the_same(written: str) -> None:
    assert normalise_email(written) == Normalised("äijälä@posti.fi")


@pytest.mark.parametrize("written", ["aino@hölmölä.fi", "Aino@HÖLMÖLÄ.FI", "aino@xn--hlml-ooa8hc.fi"])
def test_a_domain_with_finnish_letters_has_one_form(written: str) -> None:
    assert normalise_email(written).value == "aino@xn--hlml-ooa8hc.fi"


def test_letters_that_differ_stay_different() -> None:
    assert normalise_email("paivi@posti.fi").value != normalise_email("päivi@posti.fi").value
    assert normalise_email("aino+1@posti.fi").value != normalise_email("aino@posti.fi").value
    assert normalise_email("a.ino@gmail.com").value != normalise_email("aino@gmail.com").value


@pytest.mark.parametrize(
    "written", ["\u0430ino@posti.fi", "aino@p\u043esti.fi", "\uff41ino@posti.fi", "ain\u03bf@posti.fi"]
)
def test_look_alike_letters_are_flagged_and_never_merged(written: str) -> None:
    found = normalise_email(written)
    assert found.fault == LOOK_ALIKE_LETTERS
    assert found.value not in {None, "aino@posti.fi"}


def test_an_address_in_one_foreign_alphabet_is_not_flagged() -> None:
    assert normalise_email("иван@пример.рф").fault is None


@pytest.mark.parametrize(
    "written", ["-", "ei ole", "a@b", "@posti.fi", "aino@@posti.fi", "aino@posti,fi", "a@localhost"]
)
def test_what_is_no_address_has_no_value(written: str) -> None:
    assert normalise_email(written) == Normalised(None, NOT_AN_ADDRESS)


@given(ADDRESSES)
@example("ſ@İı.fi")
def test_normalising_an_address_twice_changes_nothing(written: str) -> None:
    once = normalise_email(written)
    if once.value is not None:
        assert normalise_email(once.value) == once


@given(st.from_regex(r"[a-z0-9_.+-]{1,70}@[a-z0-9.-]{1,250}(\.[a-z]{2,3})?", fullmatch=True))
@example("a" * 64 + "@" + "b." * 94 + "fi")  # 255 characters: one too many
@example("a" * 64 + "@" + "b." * 93 + "fix")
def test_the_short_way_gives_what_the_full_grammar_gives(written: str) -> None:
    try:
        full = validate_email(written, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        full = None
    if "xn--" not in written:
        assert normalise_email(written).value == full


@given(st.text())
@example("\u0345\u03b9")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    "written",
    ["0401234567", "040 123 4567", "040-1234567", "+358 40 123 4567", "+358 (0)40-123 4567", "00358401234567"],
)
def test_a_finnish_number_typed_differently_is_the_same(written: str) -> None:
    assert normalise_phone(written, "FI") == Normalised("+358401234567")


def test_the_region_decides_what_a_national_number_is() -> None:
    assert normalise_phone("0131 496 0365", "GB").value == "+441314960365"
    assert normalise_phone("0131 496 0365", "FI").value != "+441314960365"
    assert normalise_phone("+44 131 496 0365", "FI").value == "+441314960365"


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("0000000", PLACEHOLDER),
        ("+358 0000000", PLACEHOLDER),
        ("ei puhelinta", NOT_A_NUMBER),
        ("123", NOT_A_NUMBER),
        ("09 1234567 ext. 12", HAS_EXTENSION),
    ],
)
def test_what_is_no_personal_number_has_no_value(written: str, fault: str) -> None:
    assert normalise_phone(written, "FI") == Normalised(None, fault)


@given(st.text("0123456789+()- ", max_size=18), st.sampled_from(["FI", "GB", "SE"]))
def test_normalising_a_number_twice_changes_nothing(written: str, region: str) -> None:
    once = normalise_phone(written, region)
    if once.value is not None:
        assert normalise_phone(once.value, region) == once


def test_each_distinct_text_is_looked_at_once() -> None:
    seen: list[str | None] = []

    def rule(text: str | None) -> Normalised:
        seen.append(text)
        return Normalised(text)

    values, _ = normalise_column(pa.chunked_array([["a", "b", "a"], ["a", None]]), rule)
    assert values.to_pylist() == ["a", "b", "a", "a", None]
    assert sorted(text or "" for text in seen) == ["a", "b"]


def test_an_empty_table_of_contacts_stays_typed() -> None:
    kinds = {"birth_date": pa.date32(), "occurred_at": pa.timestamp("us"), "known_at": pa.timestamp("us")}
    fields = [pa.field(name, kinds.get(name, pa.string())) for name in (*PASSED_ON, *WRITTEN)]
    found = normalise_contacts(pa.schema(fields).empty_table(), "FI")
    assert found.num_rows == 0
    assert found.schema.field("email").type == pa.string()
