"""Google Data Manager API: bodies of requests that add or remove members, one request a line.

Rules: developers.google.com/data-manager, audienceMembers.ingest and .remove (2026): at most 10,000 members a request
and 10 identifiers a member; e-mail trimmed and lowercase, for gmail.com and googlemail.com without dots and without
what follows a plus; phone in E.164; names trimmed and lowercase; SHA-256 in hex (``encoding``); region and postal code
plain. Consent is stated per request: everybody in a file of adds has allowed it.

Whoever sends a line adds ``destinations`` (the account and the audience) and, for Customer Match, ``termsOfService``:
those are the company's own. Lines of ``add`` go to audienceMembers:ingest, lines of ``remove`` to
audienceMembers:remove.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.exports.formats.format import Digest, Format, Rows
from dagster_project.domain.exports.formats.google_ads import (
    FIRST_NAME,
    LAST_NAME,
    PHONE,
    match_reasons,
    whole_addresses,
)
from dagster_project.domain.exports.manifest import BatchFile
from dagster_project.domain.exports.values import valid_email
from dagster_project.domain.exports.writing import decoded, file_name, shown

COLUMNS = ("emailAddress", "phoneNumber", "givenName", "familyName", "regionCode", "postalCode")
MOST_MEMBERS = 10_000  # of one request
GMAIL = ("gmail.com", "googlemail.com")
CONSENT = '"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_GRANTED"},'


def email(value: str) -> str:
    """As the API hashes an address; '' when it is none.

    >>> email(" Aino.Virtanen+shop@Gmail.com "), email("a.b+c@example.com")
    ('ainovirtanen@gmail.com', 'a.b+c@example.com')
    """
    text = value.strip().lower()
    if not valid_email(text):
        return ""
    user, _, domain = text.partition("@")
    if domain in GMAIL:
        user = user.partition("+")[0].replace(".", "")
    return f"{user}@{domain}" if user else ""


EMAIL = Digest("google_api_email", ("email",), email)


def make(customers: pa.Table) -> Rows:
    """One member per customer, by e-mail, phone or whole address."""
    emails, phones = customers[EMAIL.column].combine_chunks(), customers[PHONE.column].combine_chunks()
    address = whole_addresses(customers)
    return Rows(pa.table([emails, phones, *address], names=list(COLUMNS)), match_reasons([emails, phones, address[0]]))


def members(cells: pa.Table) -> list[str]:
    """Each row as an AudienceMember in JSON. Digests, codes and checked postal codes need no escape."""
    whole = shown(cells.combine_chunks())
    text = {name: decoded(whole[name].combine_chunks()) for name in COLUMNS}
    nothing = pa.scalar(None, pa.string())

    def object_of(known: pa.Array, *parts: pa.Array | str) -> pa.Array:
        return pc.if_else(pc.is_valid(known), pc.binary_join_element_wise(*parts, ""), nothing)

    identifiers = [
        object_of(text["emailAddress"], '{"emailAddress":"', text["emailAddress"], '"}'),
        object_of(text["phoneNumber"], '{"phoneNumber":"', text["phoneNumber"], '"}'),
        object_of(
            text["givenName"], '{"address":{"givenName":"', text["givenName"], '","familyName":"', text["familyName"],
            '","regionCode":"', text["regionCode"], '","postalCode":"', text["postalCode"], '"}}',
        ),
    ]  # fmt: skip
    joined = pc.binary_join_element_wise(*identifiers, ",", null_handling="skip")
    return pc.binary_join_element_wise('{"userData":{"userIdentifiers":[', joined, "]}}", "").to_pylist()


def write(stem: str, cells: pa.Table, first: int) -> list[BatchFile]:
    """One file of requests; a member's line in ``rows.csv`` is its place, counted through all of them from 1."""
    found = members(cells)
    consent = "" if stem == "remove" else CONSENT
    lines = [
        f'{{"encoding":"HEX",{consent}"audienceMembers":[{",".join(found[at : at + MOST_MEMBERS])}]}}\n'
        for at in range(0, len(found), MOST_MEMBERS)
    ]
    return [BatchFile(file_name(stem, first, "jsonl"), stem, "".join(lines).encode(), len(found), COLUMNS)]


FORMAT = Format(
    name="google_data_manager",
    kind="membership",
    channels=("ads",),
    columns=COLUMNS,
    contact_points=("country_code", "postal_code"),
    make=make,
    digests=(EMAIL, PHONE, FIRST_NAME, LAST_NAME),
    medium="jsonl",
    write=write,
)
