"""Fictional customers with everything that goes wrong in names, addresses and numbers."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

COLUMNS = (
    "customer_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "postal_code",
    "city",
    "country_code",
    "language_code",
)
CONTACT_POINTS = [
    ("c01", "Aino.Virtanen@Example.com ", "+358401234567", "Aino", "Virtanen", "00100", "Helsinki", "FI", "fi"),
    ("c02", "erkki+lehti@example.org", None, "Erkki", "Äyräs-O'Hara", "33 100", "Hämeen-linna 2", "fi", "fi"),
    ("c03", None, "+442079460958", "Anna-Maija  ", "de la  Cruz", "SW1A 1AA", "London", "UK", "en"),
    ("c04", "=cmd@example.com", "0401234567", "=HYPERLINK(1)", "@SUM(A1)", "=1+1", None, "Suomi", None),
    ("c05", "äijä@example.com", "+35840", "Ä" * 200, "Böö", None, None, None, "sv"),
    ("c06", "veera@example.com", "+358 40 1", 'Veera "V"', "Line\nBreak, A", "94025-1234", "Menlo Park", "US", "en"),
    ("c07", None, None, "Ilman", "Osoitetta", "20100", "Turku", "FI", "fi"),
    ("c08", "a" * 250 + "@example.com", "+15550001111222233", None, None, None, None, "FI", "fi"),
]
STREETS = ("Kotikatu 1", "Äyritie 2 B; -1", "221B Baker Street", "=1+1", None, "", "Kauppatori 3", None)
NUMBERS = ("10017", "10018", None, "=7", "10021", "10022", None, None)


def contact_points() -> pa.Table:
    """The customers as the vault publishes them."""
    columns = dict(zip(COLUMNS, zip(*CONTACT_POINTS, strict=True), strict=True)) | {
        "street": STREETS,
        "customer_number": NUMBERS,
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def contacts() -> pa.Table:
    """One chosen contact for each of them."""
    people = contact_points()
    count = people.num_rows
    rows = people.append_column("contact_id", pa.array([f"{number:032x}" for number in range(1, count + 1)]))
    rows = rows.append_column("care_model", pa.array(["high_value_fading"] * count))
    rows = rows.append_column("language_fallback", pa.array(["en"] * count))
    planned = [datetime(2026, 3, 31, 6, 30)] * count  # noqa: DTZ001 - UTC, as tables keep it
    rows = rows.append_column("planned_for", pa.array(planned, pa.timestamp("us")))
    rows = rows.append_column("treatment", pa.array(["we_miss_you"] * count))
    rows = rows.append_column("offer", pa.array(["-20 % this week"] + [None] * (count - 1), pa.string()))
    rows = rows.append_column("subject", pa.array(["Tervetuloa takaisin; =1"] * count))
    rows = rows.append_column("link", pa.array(["https://shop.example/takaisin?a=1,2"] * count))
    return rows.append_column("priority", pa.array(range(1, count + 1), pa.int64()))
