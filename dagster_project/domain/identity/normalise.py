"""One form for every e-mail and phone, so that the same address typed twice is the same address.

Staff type ``Äijälä@Posti.FI`` and ``040 123 4567``; the newsletter tool has ``äijälä@posti.fi`` and the shop
``+358401234567``. Here both become one value, or none when the text is no address at all. Letters that only look alike
(a Cyrillic ``а`` in ``pаivi@``) are never exchanged for each other: the value stays as written and carries a fault.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

NOT_AN_ADDRESS = "not_an_address"
NOT_A_NUMBER = "not_a_number"
HAS_EXTENSION = "has_extension"  # a switchboard: the number alone would make colleagues one customer
PLACEHOLDER = "placeholder"  # typed to satisfy a form: 000000, 1111111
LOOK_ALIKE_LETTERS = "look_alike_letters"

# Nine addresses in ten: nothing in them for the full grammar to judge, which takes 25 microseconds an address.
ORDINARY_LOCAL_PART = re.compile(r"(?=.{1,64}$)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
LONGEST_ADDRESS = 254  # characters, RFC 5321

# Alphabets whose letters are drawn alike: аeорс are Cyrillic, αοντ Greek, and a name uses one of them at a time.
ALPHABETS_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})


class Normalised(NamedTuple):
    """A written value in its one form. ``value`` is null when unusable; ``fault`` says why, or what is odd about it."""

    value: str | None
    fault: str | None = None


NOTHING = Normalised(None)


def folded(text: str) -> str:
    """Text without differences that people do not see: composed letters, no case, no space around.

    >>> folded("  A\\u0308IJA\\u0308LA\\u0308 ") == folded("äijälä")
    True
    """
    before, after = text, unicodedata.normalize("NFC", text).strip().casefold()
    while after != before:  # folding may leave letters to compose, and composing letters to fold: a few rare ones
        before, after = after, unicodedata.normalize("NFC", after).strip().casefold()
    return after


def normalise_email(written: str | None) -> Normalised:
    """An e-mail address in lowercase with its domain in ASCII, as mail servers know it.

    >>> normalise_email(" Aino.Äijälä@Posti.FI ")
    Normalised(value='aino.äijälä@posti.fi', fault=None)
    >>> normalise_email("aino@hölmölä.fi").value
    'aino@xn--hlml-ooa8hc.fi'
    >>> normalise_email("ei ole")
    Normalised(value=None, fault='not_an_address')
    >>> normalise_email("p\\u0430ivi@posti.fi").fault  # the second letter is Cyrillic
    'look_alike_letters'
    """
    text = folded(written or "")
    if not text:
        return NOTHING
    local_part, _, domain = text.rpartition("@")
    if ORDINARY_LOCAL_PART.fullmatch(local_part):
        address = _address_at(domain)  # the costly part, once for each domain
    else:
        address = _validated(text)
        local_part = folded(address.local_part) if address else ""
    if address is None or len(local_part) + len(address.ascii_domain or "") >= LONGEST_ADDRESS:
        return Normalised(None, NOT_AN_ADDRESS)
    odd = any(has_look_alike_letters(part) for part in (local_part, *address.domain.split(".")))
    return Normalised(f"{local_part}@{address.ascii_domain}", LOOK_ALIKE_LETTERS if odd else None)


def _validated(address: str) -> ValidatedEmail | None:
    try:
        return validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None


@lru_cache(maxsize=65536)
def _address_at(domain: str) -> ValidatedEmail | None:
    return _validated(f"a@{domain}")


def normalise_phone(written: str | None, region: str) -> Normalised:
    """A phone number in E.164, as the networks know it.

    Args:
        written: as it was typed.
        region: two letters; where a number without a country code is dialled from.

    >>> normalise_phone("040-123 4567", "FI")
    Normalised(value='+358401234567', fault=None)
    >>> {normalise_phone(text, "FI").value for text in ("+358 (0)40 1234567", "00358401234567", "0401234567")}
    {'+358401234567'}
    >>> normalise_phone("0000000", "FI").fault, normalise_phone("ei puhelinta", "FI").fault
    ('placeholder', 'not_a_number')
    """
    text = unicodedata.normalize("NFKC", written or "").strip()
    if not text:
        return NOTHING
    digits = {character for character in text if character.isdecimal()}
    if len(digits) == 1:
        return Normalised(None, PLACEHOLDER)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return Normalised(None, NOT_A_NUMBER)
    if number.extension:
        return Normalised(None, HAS_EXTENSION)
    if not phonenumbers.is_possible_number(number):
        return Normalised(None, NOT_A_NUMBER)
    if len(set(str(number.national_number))) == 1:
        return Normalised(None, PLACEHOLDER)
    return Normalised(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def has_look_alike_letters(text: str) -> bool:
    """Whether a name mixes alphabets that are drawn alike, or uses ornamental forms of letters.

    >>> has_look_alike_letters("päivi"), has_look_alike_letters("иван"), has_look_alike_letters("p\\u0430ivi")
    (False, False, True)
    """
    if text.isascii():
        return False
    if unicodedata.normalize("NFKC", text) != text:
        return True
    return len({_alphabet(letter) for letter in text if letter.isalpha()} & ALPHABETS_ALIKE) > 1


@lru_cache(maxsize=4096)
def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]
