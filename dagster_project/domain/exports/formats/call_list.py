"""The contact centre's call list: whom to call, why, with which script, and in what order."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows, language_of
from dagster_project.domain.exports.values import free_text, text_table, texts, valid_phone, web_link

COLUMNS = (
    "contact_id",
    "phone",
    "first_name",
    "last_name",
    "language",
    "reason",
    "script",
    "offer",
    "link",
    "priority",
)


def make(contacts: pa.Table) -> Rows:
    """One call per contact. The phone number is E.164 and never escaped; a contact without one is sent back."""
    phones = [value if valid_phone(value) else "" for value in texts(contacts["phone"])]
    cells = {
        "contact_id": texts(contacts["contact_id"]),
        "phone": phones,
        "first_name": [free_text(value) for value in texts(contacts["first_name"])],
        "last_name": [free_text(value) for value in texts(contacts["last_name"])],
        "language": language_of(contacts),
        "reason": [free_text(value) for value in texts(contacts["subject"])],
        "script": texts(contacts["treatment"]),
        "offer": [free_text(value) for value in texts(contacts["offer"])],
        "link": [web_link(value) for value in texts(contacts["link"])],
        "priority": [str(value) for value in contacts["priority"].to_pylist()],
    }
    reasons = [None if phone else "no_valid_phone" for phone in phones]
    return Rows.of(text_table({name: cells[name] for name in COLUMNS}), reasons)


FORMAT = Format(
    name="call_list",
    kind="message",
    channels=("phone",),
    columns=COLUMNS,
    contact_points=("phone", "first_name", "last_name", "language_code"),
    make=make,
)
