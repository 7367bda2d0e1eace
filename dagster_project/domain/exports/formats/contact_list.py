"""Plain lists for whoever has no tool of their own: printers, parcel packers, senders of texts, the shop's people.

Each list has what it takes to do the thing and nothing else: a printer learns no phone number, the own pages learn no
name. ``contact_id`` comes back with the answer (docs/contracts/responses.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows, language_of
from dagster_project.domain.exports.values import (
    country_code,
    free_text,
    postal_code,
    text_table,
    texts,
    valid_phone,
    web_link,
)

BEFORE, AFTER = ("contact_id",), ("language", "content", "reason", "offer", "link", "planned_for", "priority")
Cells = dict[str, list[str]]


def _addresses(contacts: pa.Table) -> Cells:
    return {
        "street": [free_text(value) for value in texts(contacts["street"])],
        "postal_code": [postal_code(value) for value in texts(contacts["postal_code"])],
        "city": [free_text(value) for value in texts(contacts["city"])],
        "country": [country_code(value) for value in texts(contacts["country_code"])],
    }


def _names(contacts: pa.Table) -> Cells:
    return {name: [free_text(value) for value in texts(contacts[name])] for name in ("first_name", "last_name")}


def _first_names(contacts: pa.Table) -> Cells:
    return {"first_name": [free_text(value) for value in texts(contacts["first_name"])]}


def _phones(contacts: pa.Table) -> Cells:
    return {"phone": [value if valid_phone(value) else "" for value in texts(contacts["phone"])]}


def _numbers(contacts: pa.Table) -> Cells:
    return {"customer_number": [free_text(value) for value in texts(contacts["customer_number"])]}


def _has_address(row: dict[str, str]) -> bool:
    return bool(row["last_name"] and row["street"] and (row["postal_code"] or row["city"]))


def _is_recognised(row: dict[str, str]) -> bool:
    return bool(row["customer_number"] or (row["first_name"] and row["last_name"]))


def _list(
    name: str,
    channels: tuple[str, ...],
    parts: Sequence[Callable[[pa.Table], Cells]],
    contact_points: Sequence[str],
    can_reach: Callable[[dict[str, str]], bool],
    else_reason: str,
    who: Sequence[str],
) -> Format:
    """A list whose rows say ``who`` first; one that reaches nobody is sent back with ``else_reason``."""

    def make(contacts: pa.Table) -> Rows:
        known: Cells = {column: values for part in parts for column, values in part(contacts).items()}
        links = texts(contacts["link"])
        cells = known | {
            "contact_id": texts(contacts["contact_id"]),
            "language": language_of(contacts),
            "content": texts(contacts["treatment"]),
            "reason": [free_text(value) for value in texts(contacts["subject"])],
            "offer": [free_text(value) for value in texts(contacts["offer"])],
            "link": [web_link(value) for value in links],
            "planned_for": [value.strftime("%Y-%m-%dT%H:%MZ") for value in contacts["planned_for"].to_pylist()],
            "priority": [str(value) for value in contacts["priority"].to_pylist()],
        }
        rows = [dict(zip(known, values, strict=True)) for values in zip(*known.values(), strict=True)]
        reasons = [None if can_reach(row) else else_reason for row in rows]
        return Rows.of(text_table({column: cells[column] for column in columns}), reasons)

    columns = (*BEFORE, *who, *AFTER)
    return Format(name, "message", channels, columns, (*contact_points, "language_code"), make)


# Letters, parcels and invitations: by post.
POSTAL = _list(
    "postal_list",
    ("letter", "sample", "event"),
    (_names, _addresses),
    ("first_name", "last_name", "street", "postal_code", "city", "country_code"),
    _has_address,
    "no_valid_address",
    ("first_name", "last_name", "street", "postal_code", "city", "country"),
)
# Text messages.
TEXTS = _list(
    "text_list",
    ("sms",),
    (_phones, _first_names),
    ("phone", "first_name"),
    lambda row: bool(row["phone"]),
    "no_valid_phone",
    ("phone", "first_name"),
)
# Tasks for the shop's people, who know customers by number or by name.
TASKS = _list(
    "task_list",
    ("staff",),
    (_numbers, _names),
    ("customer_number", "first_name", "last_name"),
    _is_recognised,
    "not_recognisable",
    ("customer_number", "first_name", "last_name"),
)
# The own app and pages, which know a customer by number alone.
SLOTS = _list(
    "slot_list",
    ("push", "web"),
    (_numbers,),
    ("customer_number",),
    lambda row: bool(row["customer_number"]),
    "no_customer_number",
    ("customer_number",),
)
