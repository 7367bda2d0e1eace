"""Every form that ships, with the variants its options make, and rows to try it with."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.domain.exports.formats import FORMATS, Format, letter_file, plain, tiktok, with_digests
from dagster_project.domain.exports.formats.format import CONTACT_COLUMNS
from tests.domain.exports.people import contact_points, contacts

PLAIN_COLUMNS = (
    "contact_id", "customer_number", "email", "phone", "first_name", "last_name", "street", "postal_code", "city",
    "country_code", "care_model", "treatment", "offer", "subject", "link", "language", "planned_for", "priority",
)  # fmt: skip
PLAIN_MEMBERS = ("customer_number", "email", "phone", "last_name", "country_code")
FORMS: dict[str, Format] = FORMATS | {
    "tiktok_without_plus": tiktok.form(phone_with_plus=False),
    "letter_file_from_sweden": letter_file.form(home_country="SE"),
    **{name: plain.form(name, "message", PLAIN_COLUMNS) for name in plain.MEDIA},
    **{f"{name}_members": plain.form(name, "membership", PLAIN_MEMBERS) for name in plain.MEDIA},
}
HASHED = ("google_ads", "google_data_manager", "meta", "tiktok", "tiktok_without_plus", "linkedin", "sanoma")


def with_all(form: Format, customers: pa.Table) -> pa.Table:
    """The customers with what the form needs beside the contact points, and nothing it did not ask for."""
    own = ("customer_id", *(CONTACT_COLUMNS if form.kind == "message" else ()), *form.contact_points)
    known = with_digests(customers, form.digests).select([*own, *(digest.column for digest in form.digests)])
    for number, (flag, _) in enumerate(form.consents):
        known = known.append_column(flag, pa.array([(place + number) % 3 > 0 for place in range(known.num_rows)]))
    return known


def given(name: str) -> pa.Table:
    """The fictional customers, as this form is given them."""
    form = FORMS[name]
    return with_all(form, contacts() if form.kind == "message" else contact_points())


def stem(form: Format) -> str:
    return "contacts" if form.kind == "message" else "add"


def file_of(name: str) -> bytes:
    """The file of the fictional customers who can be reached."""
    form = FORMS[name]
    rows = form.make(given(name))
    (file,) = form.files(stem(form), rows.cells.filter(rows.sendable()))
    return bytes(memoryview(file.content))


def medium_of(name: str) -> str:
    return FORMS[name].medium


def rows_in(content: bytes, medium: str) -> list[dict[str, object]]:
    """What a receiver reads from a file, row by row."""
    if medium == "parquet":
        return pq.read_table(io.BytesIO(content)).to_pylist()
    if medium == "jsonl":
        lines = [json.loads(line) for line in content.decode().split("\n")[:-1]]
        return [member for line in lines for member in line.get("audienceMembers", [line])]
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def texts_in(value: object) -> list[str]:
    """Every text in a row, however deep."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts_in(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts_in(inner)]
    return [value] if isinstance(value, str) else []
