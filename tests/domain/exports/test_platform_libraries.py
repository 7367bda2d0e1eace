"""Our digests are those of the platforms' own libraries, on 10,000 names, addresses and numbers.

What a library gets wrong is listed here, with what its documentation says instead; there we follow the documentation.
"""

from __future__ import annotations

import random
import unicodedata

import pytest

from dagster_project.domain.exports.formats import google_ads, google_data_manager, meta
from dagster_project.domain.exports.values import sha256_hex

FIRST = (
    "Aino Väinö Åke Örjan Anna-Maija Jean-François Zoë Nuño Łukasz Øyvind Þór Ægir O'Brian D'Arcy José "
    "María Çelik Ngọc Иван Μαρία מרים محمد 美咲 Veera Ilmari Kaarle Tuulikki Säde Yrjö Martta Pirkko"
).split()  # fmt: skip
LAST = (
    "Virtanen Äyräs-O'Hara Mäkelä Häkkinen Öljymäki Åkerblom Niskanen von-Döbeln McDonald St.John Kovács "
    "García-Márquez Sørensen Šimić Петров Παπαδόπουλος Nieminen Korhonen Lehtonen Saarinen Ylä-Outinen"
).split()  # fmt: skip
DOMAINS = ("gmail.com", "googlemail.com", "example.com", "GMAIL.COM", "posti.example.fi", "äijä.example", "suomi24.fi")
COUNTS = 10_000


def people(count: int = COUNTS) -> list[tuple[str, str, str, str]]:
    """First name, last name, address, number: as people write them, Finnish ones for the most part."""
    dice = random.Random(6)
    found = []
    for number in range(count):
        first, last = dice.choice(FIRST), dice.choice(LAST)
        if dice.random() < 0.2:
            first = unicodedata.normalize("NFD", first)
        user = f"{first}.{last}".lower().replace("'", "") if dice.random() < 0.3 else f"As.ia.kas{number}"
        tag = dice.choice(("", "", "+uutiset", "+a.b"))
        address = f"{dice.choice(('', ' '))}{user}{tag}@{dice.choice(DOMAINS)}{dice.choice(('', ' '))}"
        finnish = f"+358{dice.choice((40, 44, 45, 50, 400))}{dice.randrange(10**6, 10**7)}"
        phone = (
            finnish if dice.random() < 0.8 else f"+{dice.choice((46, 44, 372, 49, 1))}{dice.randrange(10**8, 10**9)}"
        )
        spaces = " " * dice.randrange(2)
        found.append((f"{spaces}{first}", f"{last.upper() if dice.random() < 0.1 else last}{spaces}", address, phone))
    return found


def ours(normal: str) -> str:
    return sha256_hex(normal)


def nfc(value: str) -> str:
    """What a form is given: the value in one Unicode form, trimmed (``values.texts``)."""
    return unicodedata.normalize("NFC", value).strip()


def test_google_formats_ten_thousand_people_as_we_do() -> None:
    util = pytest.importorskip("google.ads.datamanager_util")
    formatter, encoding = util.Formatter(), util.Encoding.HEX
    compared = 0
    for first, last, address, phone in people():
        first, last, address = nfc(first), nfc(last), nfc(address)
        assert ours(google_ads.name(first)) == formatter.process_given_name(first, encoding)
        assert ours(google_ads.name(last)) == formatter.process_family_name(last, encoding)
        assert ours(google_ads.phone(phone)) == formatter.process_phone_number(phone, encoding)
        mine = google_data_manager.email(address)
        if mine:
            compared += 1
            assert ours(mine) == formatter.process_email_address(address, encoding), "an address we take"
    assert compared > COUNTS * 0.95


def test_what_googles_library_does_not_do_is_done_here() -> None:
    util = pytest.importorskip("google.ads.datamanager_util")
    formatter = util.Formatter()
    # It hashes what only looks like an address or a number; the match is lost, or somebody else's.
    assert formatter.format_email_address("=cmd@example.com") == "=cmd@example.com"
    assert google_data_manager.email("=cmd@example.com") == ""
    assert formatter.format_phone_number("040 1234567") == "+0401234567", "a national number as if international"
    assert google_ads.phone("040 1234567") == ""
    # It keeps inner spaces of a name as they are; Google's help asks for single ones.
    assert formatter.format_given_name("Anna  Maija") == "anna  maija"
    assert google_ads.name("Anna  Maija") == "anna maija"


def test_meta_normalises_ten_thousand_people_as_we_do() -> None:
    library = pytest.importorskip("facebook_business.adobjects.serverside.normalize").Normalize
    compared = 0
    for first, last, address, phone in people():
        assert ours(meta.phone(phone)) == library.normalize_field("ph", phone)
        mine = meta.email(nfc(address))
        if mine:
            compared += 1
            assert ours(mine) == library.normalize_field("em", nfc(address)), "an address we take"
        for field, value in (("fn", nfc(first)), ("ln", nfc(last))):
            if all(letter.isalnum() for letter in value):  # what the library handles rightly: see below
                assert ours(meta.name(value)) == library.normalize_field(field, value)
    for land in ("FI", "fi", "SE", "GB"):
        assert ours(meta.country(land)) == library.normalize_field("country", land)
    for city in ("Helsinki", "New York", "Hämeen-linna 2", "Hämeenlinna"):
        assert ours(meta.city(city)) == library.normalize_field("ct", city)
    for code, land in (("00100", "FI"), ("33 100", "FI"), ("SW1A 1AA", "GB"), ("94025-1234", "US")):
        assert ours(meta.zip_code(code, land)) == library.normalize_field("zp", code)
    assert compared > COUNTS * 0.95


def test_where_metas_library_is_wrong_we_follow_its_documentation() -> None:
    library = pytest.importorskip("facebook_business.adobjects.serverside.normalize").Normalize

    def theirs(field: str, value: str) -> str | None:
        return library.normalize_field_skip_hashing(field, value)

    # Names: the documentation takes punctuation away, the library leaves it in.
    assert (theirs("ln", "O'Hara"), meta.name("O'Hara")) == ("o'hara", "ohara")
    assert (theirs("fn", "Anna-Maija"), meta.name("Anna-Maija")) == ("anna-maija", "annamaija")
    # A letter and its accent apart: another digest for the same name.
    apart = unicodedata.normalize("NFD", "Väinö")
    assert theirs("fn", apart) != theirs("fn", "Väinö")
    assert meta.name(nfc(apart)) == meta.name("Väinö") == "väinö"
    # What is no address or number of anybody is hashed all the same, or quoted in an exception.
    assert theirs("em", "a b@example.com") == "a b@example.com"
    assert meta.email("a b@example.com") == ""
    assert theirs("ph", "040 123 4567") == "401234567", "a national number as if international: somebody else's"
    assert meta.phone("040 123 4567") == ""
    with pytest.raises(ValueError, match="0401234"):
        theirs("ph", "000401234")
    assert meta.phone("000401234") == ""
    # A postal code that ends at its hyphen is another place outside the United States.
    assert (theirs("zp", "00-950"), meta.zip_code("00-950", "PL")) == ("00", "00950")
    # A city keeps its apostrophe there, and only letters count.
    assert (theirs("ct", "L'Aquila"), meta.city("L'Aquila")) == ("l'aquila", "laquila")
    # A name of 32 letters a to f is taken for a digest and not hashed.
    assert library.normalize_field("fn", "ab" * 16) == "ab" * 16
