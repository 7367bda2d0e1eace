"""One form for everything a match may compare, so that the same thing typed twice is the same thing.

Staff type ``Äijälä@Posti.FI`` and ``040 123 4567``; the newsletter tool has ``äijälä@posti.fi`` and the shop
``+358401234567``. Here both become one value, or none when the text says nothing.
"""

from dagster_project.domain.identity.normalise.address import (
    Street,
    normalise_city,
    normalise_postal_code,
    normalise_street,
)
from dagster_project.domain.identity.normalise.date import normalise_birth_date
from dagster_project.domain.identity.normalise.email import NOT_AN_ADDRESS, mailbox_of, normalise_email
from dagster_project.domain.identity.normalise.letters import (
    LOOK_ALIKE_LETTERS,
    Normalised,
    folded,
    has_look_alike_letters,
)
from dagster_project.domain.identity.normalise.name import NOT_A_NAME, normalise_name
from dagster_project.domain.identity.normalise.phone import HAS_EXTENSION, NOT_A_NUMBER, PLACEHOLDER, normalise_phone

__all__ = [
    "HAS_EXTENSION",
    "LOOK_ALIKE_LETTERS",
    "NOT_AN_ADDRESS",
    "NOT_A_NAME",
    "NOT_A_NUMBER",
    "PLACEHOLDER",
    "Normalised",
    "Street",
    "folded",
    "has_look_alike_letters",
    "mailbox_of",
    "normalise_birth_date",
    "normalise_city",
    "normalise_email",
    "normalise_name",
    "normalise_phone",
    "normalise_postal_code",
    "normalise_street",
]
