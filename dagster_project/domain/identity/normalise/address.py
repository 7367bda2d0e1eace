"""One form for street, house number, postal code and town."""

from __future__ import annotations

import re
from typing import NamedTuple

from dagster_project.domain.identity.normalise.letters import folded

# A number, then what may follow it in one address: a letter of the stair, a range, a flat.
HOUSE = (
    r"\d{1,5}(?:\s?[-–/]\s?\d{1,5})?(?:\s?[a-zåäö](?![a-zåäö]))?(?:\s?(?:as\.?|bst\.?|apt\.?|flat|unit)?\s?\d{1,4})?"
)
NUMBER_FIRST = re.compile(rf"(?P<number>{HOUSE})[,\s]+(?P<street>\D.*)")
NUMBER_LAST = re.compile(rf"(?P<street>.*?\D)[,\s]+(?P<number>{HOUSE})")
NOT_IN_A_CODE = re.compile(r"[^0-9a-zåäö]")
NOT_IN_A_STREET = re.compile(r"[^\w'\- ]")


class Street(NamedTuple):
    """A street address in its two parts; each null when there is none."""

    name: str | None
    house_number: str | None


def normalise_street(written: str | None) -> Street:
    """The name of the street and the number of the house, whichever comes first.

    >>> normalise_street("Kotikatu 12 B 4"), normalise_street("42 Melrose Drive")
    (Street(name='kotikatu', house_number='12b4'), Street(name='melrose drive', house_number='42'))
    >>> normalise_street("Rural View")
    Street(name='rural view', house_number=None)
    """
    text = " ".join(NOT_IN_A_STREET.sub(" ", folded(written or "")).split())
    if not text:
        return Street(None, None)
    found = NUMBER_FIRST.fullmatch(text) or NUMBER_LAST.fullmatch(text)
    if found is None:
        return Street(text, None) if any(letter.isalpha() for letter in text) else Street(None, text.replace(" ", ""))
    return Street(found["street"].strip(" -'") or None, re.sub(r"[\s.]", "", found["number"]))


def normalise_postal_code(written: str | None) -> str | None:
    """A postal code without spaces and case; a country's prefix goes (``FI-00100``).

    >>> normalise_postal_code(" sw1a 1aa "), normalise_postal_code("FI-00100"), normalise_postal_code("-")
    ('sw1a1aa', '00100', None)
    """
    text = folded(written or "")
    text = re.sub(r"^[a-z]{1,2}-(?=\d)", "", text)
    return NOT_IN_A_CODE.sub("", text) or None


def normalise_city(written: str | None) -> str | None:
    """A town's name without case, extra spaces and marks.

    >>> normalise_city("  Jyväskylä "), normalise_city("St. Albans"), normalise_city("?")
    ('jyväskylä', 'st albans', None)
    """
    text = " ".join(NOT_IN_A_STREET.sub(" ", folded(written or "")).split())
    return text if any(letter.isalpha() for letter in text) else None
