"""What names a person, in one form each, and the keyed hashes that keep an erased person outside."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from dagster_project.domain.identity.normalise import folded, normalise_email, normalise_phone

EMAIL, PHONE, NUMBER, RECORD, CUSTOMER, CONTACT, THING = (
    "email", "phone", "customer_number", "record", "customer", "sent_contact", "thing",
)  # fmt: skip
PHONE_END = "phone_end"  # the last digits: tells cheaply which few numbers are worth reading as a number
LAST_DIGITS = 7
DIGEST_BYTES = 16
NOT_A_DIGIT = re.compile(r"\D")
ADDRESS = re.compile(r"[^\s,;:|\"'<>()\[\]{}=]+@[^\s,;:|\"'<>()\[\]{}=]+")
NUMBER_AS_WRITTEN = re.compile(r"\+?\d[\d ()./-]{5,}\d")


@dataclass
class Identifiers:
    """Everything that names some people, by kind; each value in its one form."""

    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    things: set[str] = field(default_factory=set)  # what is theirs alone: orders, tickets

    def digests(self, salt: str) -> dict[str, str]:
        """Keyed hash to kind: what is kept of a person who is gone, to know her again and nothing else."""
        kinds = (
            (EMAIL, self.emails),
            (PHONE, self.phones),
            (NUMBER, self.numbers),
            (RECORD, self.records),
            (CUSTOMER, self.customers),
            (CONTACT, self.contacts),
            (THING, self.things),
        )
        found = {digest(salt, kind, value): kind for kind, values in kinds for value in values}
        return found | {digest(salt, PHONE_END, end_of(phone)): PHONE_END for phone in self.phones}


def digest(salt: str, kind: str, value: str) -> str:
    """A keyed hash of one identifier: equal for equal ones, and nobody without the key can try values out.

    >>> digest("a salt of tests", "email", "aino@example.com")
    'f0562fa5040225ca93533c3b80faa59f'
    """
    return blake2b(f"{kind}\x1f{value}".encode(), key=salt.encode()[:64], digest_size=DIGEST_BYTES).hexdigest()


def email_of(written: str) -> str:
    """An e-mail address in its one form; what is none stays as it is, in small letters.

    >>> email_of(" Aino@Example.COM "), email_of("aino(at)example")
    ('aino@example.com', 'aino(at)example')
    """
    return normalise_email(written).value or folded(written)


def phone_of(written: str, region: str) -> str:
    """A phone number as E.164; what is none is its digits.

    >>> phone_of("040 123 4567", "FI"), phone_of("12-34", "FI")
    ('+358401234567', '1234')
    """
    return normalise_phone(written, region).value or digits_of(written)


def digits_of(text: str) -> str:
    """The digits of a text."""
    return NOT_A_DIGIT.sub("", text)


def end_of(phone: str) -> str:
    """The last digits of a number, which every way to write it shares."""
    return digits_of(phone)[-LAST_DIGITS:]


class Outside:
    """The people who must stay outside, known by keyed hashes alone.

    >>> gone = Outside({digest("a salt of tests", "email", "aino@example.com"): "email"}, "a salt of tests", "FI")
    >>> gone.names("email", " AINO@example.com"), gone.names("email", "eino@example.com")
    (True, False)
    >>> gone.is_in("1;Aino@example.com;x")
    True
    """

    def __init__(self, digests: dict[str, str], salt: str, region: str) -> None:
        self.digests, self.salt, self.region = digests, salt, region
        self.kinds = frozenset(digests.values())

    def __bool__(self) -> bool:
        return bool(self.digests)

    def names(self, kind: str, value: str) -> bool:
        """Whether a value of this kind names one of them."""
        if kind not in self.kinds:
            return False
        if kind == EMAIL:
            value = email_of(value)
        elif kind == PHONE:
            if digest(self.salt, PHONE_END, end_of(value)) not in self.digests:
                return False
            value = phone_of(value, self.region)
        return digest(self.salt, kind, value.strip()) in self.digests

    def those_named(self, kind: str, values: Iterable[str]) -> list[str]:
        """The values that name one of them."""
        return [value for value in values if self.names(kind, value)]

    def is_in(self, text: str) -> bool:
        """Whether a text that nobody could read as a record holds an address or a number of one of them."""
        return any(
            self.names(kind, word)
            for kind, pattern in ((EMAIL, ADDRESS), (PHONE, NUMBER_AS_WRITTEN))
            if kind in self.kinds
            for word in pattern.findall(text)
        )
