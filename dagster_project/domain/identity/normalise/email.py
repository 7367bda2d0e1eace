"""One form for every e-mail address, as mail servers know it."""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from dagster_project.domain.identity.normalise.letters import (
    LOOK_ALIKE_LETTERS,
    NOTHING,
    Normalised,
    folded,
    has_look_alike_letters,
)

NOT_AN_ADDRESS = "not_an_address"

# Nine addresses in ten: nothing in them for the full grammar to judge, which takes 25 microseconds an address.
ORDINARY_LOCAL_PART = re.compile(r"(?=.{1,64}$)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
LONGEST_ADDRESS = 254  # characters, RFC 5321

# Providers that deliver to one box whatever dots and +tags an address has, and the one name of each.
ONE_BOX = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
TAGS_ONLY = frozenset({"outlook.com", "hotmail.com", "live.com", "icloud.com", "fastmail.com", "proton.me"})


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


def mailbox_of(email: str | None) -> str | None:
    """The box that a normalised address is delivered to, by the rules of its provider.

    For match rules that ask for it alone: elsewhere only the receiving server knows whether dots and tags matter.

    >>> mailbox_of("a.i.no+news@googlemail.com"), mailbox_of("aino+news@outlook.com"), mailbox_of("a.b+c@posti.fi")
    ('aino@gmail.com', 'aino@outlook.com', 'a.b+c@posti.fi')
    """
    if email is None:
        return None
    local_part, _, domain = email.rpartition("@")
    if domain in ONE_BOX:
        return f"{local_part.partition('+')[0].replace('.', '')}@{ONE_BOX[domain]}"
    if domain in TAGS_ONLY:
        return f"{local_part.partition('+')[0]}@{domain}"
    return email
