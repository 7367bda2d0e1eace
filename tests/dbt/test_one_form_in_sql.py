"""Python and SQL agree on every string: what a rule says of one text is what the tables hold and what SQL compares."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.identity.contacts import PASSED_ON, WRITTEN, normalise_contacts
from dagster_project.domain.identity.normalise import (
    mailbox_of,
    normalise_city,
    normalise_email,
    normalise_name,
    normalise_phone,
    normalise_postal_code,
    normalise_street,
)

AT_ONCE, TIMES = 100, 100  # texts in one table, tables: 10,000 in all
NAUGHTY = [
    "", " ", "\t", "\u00a0", "\u200b", "\ufeff", "null", "NULL", "None", "NaN", "-", ".", "@", "@@",
    "a@", "@b.fi", "a@b", "A@B.FI", " a@b.fi\n", "a b@c.fi", "a@b.fi,c@d.fi", "\"a b\"@c.fi",
    "a+b@gmail.com", "A.B@GoogleMail.com", "ÄITI@HÖLMÖLÄ.FI",
    "a\u0308iti@ho\u0308lmo\u0308la\u0308.fi", "straße@weiß.de", "STRASSE@WEISS.DE",
    "p\u0430ivi@posti.fi", "Ωmega@posti.gr", "İstanbul", "ISTANBUL", "ıstanbul", "ﬁnland",
    "ＦＵＬＬ@ＷＩＤＴＨ.ＦＩ", "\u202eolleh", "a\x00b", "\x00", "\x07", "😀@posti.fi", "👨‍👩‍👧", "e\u0301", "é",
    "ﷺ", "𝒜ino", "A" * 300 + "@b.fi", "a@" + "b" * 250 + ".fi", "0", "0000000", "112",
    "+358401234567", "00358 40 1234567", "+358 (0)40-123 4567", "040 123 4567", "040 123 4567 x12",
    "٠٤٠١٢٣٤٥٦٧", "+1 (555) 010-0000", "040/1234567;ext=2", "Kotikatu 12 B 4", "42 Melrose Drive",
    "1-3 Katu", "12", "Katu", "PL 5", "FI-00100", " sw1a 1aa ", "O’Brien", "O'Brien",
    "anna – liisa", "Anna-Liisa", "van der Berg", "x" * 5000, "'; drop table contacts; --",
    "<script>alert(1)</script>", "${jndi:x}", "%s%n", "\\", "/etc/passwd", "1e309", "-1",
]  # fmt: skip
TEXT = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.sampled_from(NAUGHTY),
    st.builds(
        "{}@{}".format, st.text(st.characters(codec="utf-8"), max_size=12), st.sampled_from(["b.fi", "ä.fi", "B.FI"])
    ),
    st.text("0123456789+-() ", max_size=20),
    st.text("aAäÄ\u0308 -'éİßﬁ", max_size=12),
)


def through_sql(texts: list[str]) -> tuple[list[dict[str, Any]], duckdb.DuckDBPyConnection]:
    """The texts as every contact column, through the tables in which dbt keeps them before and after."""
    connection = duckdb.connect()
    numbers = pa.array([f"{at:05d}" for at in range(len(texts))])
    columns = {name: numbers if name in PASSED_ON[:2] else pa.array(texts) for name in (*PASSED_ON[:2], *WRITTEN[:-1])}
    told = pa.table(columns | {"birth_date": pa.nulls(len(texts), pa.date32())})
    connection.register("told", told.append_column("occurred_at", pa.nulls(len(texts), pa.timestamp("us"))))
    connection.execute("create table known_contacts as select *, occurred_at as known_at from told")
    written = connection.table("known_contacts").project(", ".join((*PASSED_ON, *WRITTEN))).order("contact_version_id")
    found = normalise_contacts(written.to_arrow_table(), "FI")
    connection.register("found", found)
    connection.execute("create table normalised_contacts as from found")
    rows = connection.table("normalised_contacts").order("contact_version_id").to_arrow_table().to_pylist()
    return rows, connection


def by_hand(text: str) -> dict[str, str | None]:
    """What the rules say of one text."""
    email, phone, name, street = (
        normalise_email(text),
        normalise_phone(text, "FI"),
        normalise_name(text),
        normalise_street(text),
    )
    return {
        "email": email.value,
        "mailbox": mailbox_of(email.value),
        "phone": phone.value,
        "first_name": name.value,
        "last_name": name.value,
        "street_name": street.name,
        "house_number": street.house_number,
        "postal_code": normalise_postal_code(text),
        "city": normalise_city(text),
        "email_fault": email.fault,
        "phone_fault": phone.fault,
        "name_fault": name.fault,
    }


def hold(texts: list[str]) -> None:
    rows, connection = through_sql(texts)
    for text, row in zip(texts, rows, strict=True):
        expected = by_hand(text)
        assert {name: row[name] for name in expected} == expected
    for column in ("email", "phone", "first_name", "street_name", "postal_code", "city"):
        values = {row[column] for row in rows} - {None}
        ((count,),) = connection.execute(f"select count(distinct {column}) from normalised_contacts").fetchall()
        assert count == len(values), "SQL tells the same values apart as Python"
        # Once is enough: what is in its one form stays as it is.
        again = {"email": normalise_email, "first_name": normalise_name}.get(column)
        assert again is None or {again(value).value for value in values} == values


@settings(max_examples=TIMES, deadline=None)
@given(st.lists(TEXT, min_size=AT_ONCE, max_size=AT_ONCE))
def test_python_and_sql_agree_on_ten_thousand_texts(texts: list[str]) -> None:
    hold(texts)


def test_python_and_sql_agree_on_naughty_texts() -> None:
    hold(NAUGHTY)
    rows, _ = through_sql(NAUGHTY)
    assert len({row["email"] for row in rows}) > 8, "some are addresses"
    assert {row["email_fault"] for row in rows} == {None, "not_an_address", "look_alike_letters"}
