"""One form for every phone number, as the networks know it."""

from __future__ import annotations

import unicodedata

import phonenumbers

from dagster_project.domain.identity.normalise.letters import NOTHING, Normalised

NOT_A_NUMBER = "not_a_number"
HAS_EXTENSION = "has_extension"  # a switchboard: the number alone would make colleagues one customer
PLACEHOLDER = "placeholder"  # typed to satisfy a form: 000000, 1111111


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
