"""Plain files for tools without a form here: the declared columns as CSV, JSON lines or Parquet.

A destination's ``columns`` says what leaves, from a list of names that all mean one thing; a column that is not
declared is never read. Values are checked by what they are (an address, a number, a code); free text is made harmless
in CSV, where a spreadsheet may calculate, and stays as it is in the typed formats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from dagster_project.domain.exports.destination import Kind
from dagster_project.domain.exports.formats.format import Format, Rows, language_of
from dagster_project.domain.exports.formats.message import mailbox, moments_of
from dagster_project.domain.exports.values import (
    by_value,
    clean_text,
    country_code,
    free_text,
    language_code,
    number_of,
    postal_code,
    valid_phone,
    web_link,
)
from dagster_project.domain.exports.writing import Medium
from dagster_project.errors import HoivaError

TYPED: dict[str, Callable[[str], str]] = {
    "customer_number": number_of,
    "email": mailbox,
    "phone": lambda value: value if valid_phone(value) else "",
    "postal_code": postal_code,
    "country_code": country_code,
    "language_code": language_code,
    "link": web_link,
}
FREE = ("first_name", "last_name", "street", "city", "offer", "subject")
POINTS = ("customer_number", "email", "phone", "first_name", "last_name", "street", "postal_code", "city",
          "country_code", "language_code")  # fmt: skip
OF_CONTACTS = ("contact_id", "care_model", "treatment", "offer", "subject", "link", "language", "planned_for",
               "priority")  # fmt: skip
MEDIA: dict[str, Medium] = {"plain_csv": "csv", "plain_json_lines": "jsonl", "plain_parquet": "parquet"}
CHANNELS = ("email", "sms", "phone", "letter", "sample", "event", "push", "web", "staff", "ads")
DEFAULTS: dict[Kind, tuple[str, ...]] = {
    "message": ("contact_id", "customer_number", "treatment", "subject", "offer", "link", "language", "planned_for"),
    "membership": ("customer_number",),
}


def form(name: str, kind: Kind, columns: Sequence[str] | None = None) -> Format:
    """The form of these columns.

    Raises:
        HoivaError: a column is unknown or comes twice, a message's first is not ``contact_id``, or nothing in it says
            who the customer is.
    """
    chosen = tuple(columns or DEFAULTS[kind])
    known = {*POINTS, *OF_CONTACTS} if kind == "message" else {*POINTS}
    unknown = [column for column in chosen if column not in known]
    if unknown or len(set(chosen)) < len(chosen):
        wrong = unknown[0] if unknown else "a column that comes twice"
        raise HoivaError(f"columns: {wrong}: a {kind} destination has {', '.join(sorted(known))}, each once")
    if kind == "message" and chosen[0] != "contact_id":
        raise HoivaError("columns: contact_id comes first: answers name it")
    who = [column for column in chosen if column in POINTS and column not in ("language_code", "country_code")]
    if not who:
        raise HoivaError("columns: none of them says who the customer is")
    medium = MEDIA[name]
    text = free_text if medium == "csv" else clean_text

    def make(customers: pa.Table) -> Rows:
        """The declared columns; a row that does not say who it is about is sent back."""
        cells = pa.table({column: _cells(customers, column, text, medium) for column in chosen})
        reachable = [any(values) for values in zip(*(cells[column].to_pylist() for column in who), strict=True)]
        return Rows.of(cells, [None if is_reachable else "not_recognisable" for is_reachable in reachable])

    read = {*chosen, *(("language_code",) if "language" in chosen else ())}  # a contact's language needs the customer's
    return Format(name, kind, CHANNELS, chosen, tuple(sorted(read & {*POINTS})), make, medium=medium)


def _cells(customers: pa.Table, column: str, text: Callable[[str], str], medium: Medium) -> pa.Array:
    if column == "language":
        return pa.array([value or None for value in language_of(customers)], pa.string())
    if column == "priority":
        return customers[column].combine_chunks()
    if column == "planned_for":
        moments = customers[column].combine_chunks().cast(pa.timestamp("us", "UTC"))
        return moments if medium == "parquet" else pa.array(moments_of(customers), pa.string())
    if column in FREE:
        return by_value(customers[column], text)
    return by_value(customers[column], TYPED.get(column, clean_text))
