"""Custobar: customers with what each has allowed, as messages to send or as a list to keep.

Rules: custobar.com/docs/api, customers (2026): a customer is known by external_id; phone in E.164; country and language
are codes; can_email, can_sms, can_post and can_push are false unless given. They are stated in every row, from the
consents, suppressions and the holdout of this moment: true only where the ledger lets that channel through. can_profile
is never given: no consent here speaks of it, so Custobar keeps its own false.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows
from dagster_project.domain.exports.formats.message import mailboxes, message_cells, names_of, numbers, reasons_of
from dagster_project.domain.exports.values import (
    country_code,
    free_text,
    language_code,
    number_of,
    postal_code,
    text_table,
    texts,
)

LONGEST_SUBJECT = 255  # characters
MAY = (("can_email", "email"), ("can_sms", "sms"), ("can_post", "letter"), ("can_push", "push"))  # whose consent
WHO = ("external_id", "email", "phone_number", "first_name", "last_name")
WHERE = ("street_address", "zip_code", "city", "country")
OWN = {"contact_id": "hoiva_contact_id", "care_model": "hoiva_care_model", "treatment": "hoiva_treatment",
       "offer": "hoiva_offer", "subject": "hoiva_subject", "link": "hoiva_link"}  # fmt: skip
FLAGS = tuple(flag for flag, _ in MAY)
CONTACT_POINTS = ("customer_number", "email", "phone", "first_name", "last_name", "language_code")


def _who(customers: pa.Table) -> dict[str, list[str]]:
    return {
        "external_id": [number_of(value) for value in texts(customers["customer_number"])],
        "email": mailboxes(customers),
        "phone_number": numbers(customers),
        **names_of(customers),
    }


def _flags(customers: pa.Table) -> dict[str, list[str]]:
    return {flag: ["true" if may else "false" for may in customers[flag].to_pylist()] for flag in FLAGS}


def make_messages(contacts: pa.Table) -> Rows:
    """One message per row, for the automation that reads its fields."""
    who, says = _who(contacts), message_cells(contacts)
    cells = who | {"language": says["language"]} | _flags(contacts)
    cells |= {header: says[name] for name, header in OWN.items()}
    reasons = reasons_of(says["subject"], LONGEST_SUBJECT, (who["external_id"], "no_customer_number"))
    return Rows.of(text_table(cells), reasons)


def make_members(customers: pa.Table) -> Rows:
    """One customer per row."""
    who = _who(customers)
    where = {
        "street_address": [free_text(value) for value in texts(customers["street"])],
        "zip_code": [postal_code(value) for value in texts(customers["postal_code"])],
        "city": [free_text(value) for value in texts(customers["city"])],
        "country": [country_code(value) for value in texts(customers["country_code"])],
    }
    language = {"language": [language_code(value) for value in texts(customers["language_code"])]}
    cells = who | language | _flags(customers) | where
    return Rows.of(text_table(cells), [None if number else "no_customer_number" for number in who["external_id"]])


MESSAGES = Format(
    name="custobar",
    kind="message",
    channels=("email", "sms", "letter", "push"),
    columns=(*WHO, "language", *FLAGS, *OWN.values()),
    contact_points=CONTACT_POINTS,
    make=make_messages,
    consents=MAY,
    one_row_per="external_id",
)
LIST = Format(
    name="custobar_list",
    kind="membership",
    channels=("email", "sms", "letter", "push"),
    columns=(*WHO, "language", *FLAGS, *WHERE),
    contact_points=(*CONTACT_POINTS, "street", "postal_code", "city", "country_code"),
    make=make_members,
    consents=MAY,
)
