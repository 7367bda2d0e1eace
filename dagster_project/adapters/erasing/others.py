"""What somebody else has too: it names nobody alone, and taken out everywhere it would damage another's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.rows import LakeTable, about, is_one_of, naming, with_email, with_phone
from dagster_project.adapters.erasing.scan import texts_of
from dagster_project.domain.erasure.identifiers import EMAIL, NUMBER, PHONE, Identifiers, email_of, phone_of
from dagster_project.domain.erasure.spellings import SHORTEST, spellings

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.adapters.erasing.case import Case
    from dagster_project.settings import Settings

LONGEST_NEEDLE = 200  # characters of a text that tell it from others


def look_at_others(settings: Settings, tables: Sequence[LakeTable], case: Case) -> None:
    """Set apart what somebody else has too: it neither names them alone nor may be looked for.

    A phone of a family stays usable by the others, and a first name is many people's.
    """
    who = case.who
    shared: dict[str, set[str]] = {EMAIL: set(), PHONE: set(), NUMBER: set()}
    values: set[str] = set()
    personal_tables = [place for place in tables if place.table.is_personal]
    for place in personal_tables:
        for path in place.files():
            rows = _personal(place, path)
            mask = about(place, rows, who)
            if pc.any(mask).as_py():
                values |= _texts(place, rows.filter(mask))
    for place in personal_tables:
        for path in place.files():
            rows = _personal(place, path)
            others = rows.filter(pc.invert(about(place, rows, who)))
            for name, column in place.table.columns.items():
                if column.names == EMAIL:
                    mask = with_email(others[name], who.emails)
                    shared[EMAIL] |= {email_of(one) for one in pc.unique(others[name].filter(mask)).to_pylist()}
                elif column.names == PHONE:
                    mask = with_phone(others[name], who.phones, settings.phone_region)
                    region = settings.phone_region
                    shared[PHONE] |= {phone_of(one, region) for one in pc.unique(others[name].filter(mask)).to_pylist()}
                elif column.names == NUMBER and place.tells_contact_data:
                    shared[NUMBER] |= set(
                        pc.unique(others[name].filter(is_one_of(others[name], who.numbers))).to_pylist()
                    )
    own_phones, own_emails = who.phones - shared[PHONE], who.emails - shared[EMAIL]
    values -= _in_texts_of_others(tables, who, values)
    who.emails, who.phones, who.numbers = own_emails, own_phones, who.numbers - shared[NUMBER]
    values = {
        value
        for value in values
        if not (email_of(value) in shared[EMAIL] or phone_of(value, settings.phone_region) in shared[PHONE])
    }
    sure = {*who.emails, *who.phones, *who.records, *who.customers}
    case.needles = sorted({*values, *sure} - {""}, key=lambda value: (value not in sure, value))


def _in_texts_of_others(tables: Sequence[LakeTable], who: Identifiers, values: set[str]) -> set[str]:
    """Which of these stand anywhere in what the lake holds of others or of things, also within a longer text.

    A surname stands in the address of a relative, and a first name in that of a product: taken out there, another
    person's row would be damaged.
    """
    patterns = Patterns(sorted(values))
    found: set[bytes] = set()
    for place in tables if values else ():
        ids = naming(place.table)
        texts = [name for name in place.table.columns if place.table.is_personal or name not in ids]
        for path in place.files():
            for rows in place.batches(path, list(dict.fromkeys([*ids, *texts]))):
                others = rows.filter(pc.invert(about(place, rows, who)))
                for name in (name for name in texts if pa.types.is_string(others[name].type)):
                    for text in texts_of(pa.table({name: pc.unique(others[name])})):
                        found |= {pattern for _, pattern, _, _ in patterns.matches(text)}
    return {value for value in values if found & spellings(value).keys()}


def _personal(place: LakeTable, path: Path) -> pa.Table:
    personal = [name for name, column in place.table.columns.items() if column.personal]
    return place.read(path, list(dict.fromkeys([*naming(place.table), *personal])))


def _texts(place: LakeTable, rows: pa.Table) -> set[str]:
    """Personal values long enough to be looked for."""
    found: set[str] = set()
    for name, column in place.table.columns.items():
        if column.personal and pa.types.is_string(rows.schema.field(name).type):
            found |= {one.strip()[:LONGEST_NEEDLE] for one in pc.unique(rows[name]).to_pylist() if one}
    return {value for value in found if len(value.encode()) >= SHORTEST}
