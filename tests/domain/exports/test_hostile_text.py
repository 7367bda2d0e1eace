"""Three hundred hostile names go through every form: no cell breaks out of its file, and no file changes its name."""

from __future__ import annotations

import csv
import io
import random
import re

import pyarrow as pa
import pytest

from dagster_project.domain.exports import values, writing
from dagster_project.domain.exports.formats import FORMATS
from dagster_project.domain.exports.writing import csv_bytes, file_name
from dagster_project.errors import HoivaError
from tests.domain.exports.forms import FORMS, rows_in, stem, texts_in, with_all
from tests.domain.exports.people import contact_points, contacts

COUNT = 300
SEEDS = (
    # formulas, plain, in disguise and after what a spreadsheet may split at
    "=1+1", "=HYPERLINK(\"http://evil.example\",\"x\")", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1+1",
    "＋1", "－1", "＠SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "a;=1", "a; -1", "\u200b=1", "\ufeff=1", "\u202e=1",
    "'=1", "\"=1", "\"\"=1", "=1;=2", "%0A=1", "=DDE(\"a\";\"b\";\"c\")", "=IMPORTXML(\"//a\")", "| =1",
    # what ends a cell, a row, a string or a file
    "a,b,c", "a\"b", "\"", "\"\"", "\",\"", "a\nb", "a\r\nb", "a\rb", "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb",
    "a\x0cb", "a\x00b", "\x00", "\x1a", "\x1b[31mred", "a\x7fb", "a\x1fb",
    "\\", "\\n", "\\\"", "a\\", "'", "''", "`", "--", "/*",
    # text that turns the text around it, or cannot be seen
    "\u202eexe.txt", "\u2066a\u2069", "\u200f\u202bab", "\u061ca", "a\u200db", "\u2060a", "\ufeffa",
    "a\u0300\u0301" * 8,
    # paths, markup, queries, templates
    "../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "C:\\con", "file:///etc/passwd", "~root", "a/b", ".", "..",
    "<script>alert(1)</script>", "<img src=x onerror=1>", "]]>", "<!--", "&amp;", "{{7*7}}", "${jndi:ldap://x}", "%s%n",
    "{0.__class__}", "*|FNAME|*", "{% raw %}", "'; DROP TABLE contacts; --", "\" OR \"1\"=\"1", "1; COPY x TO 'y'",
    "$(reboot)", "`id`", "; ls", "| cat", "&& x", "{\"a\":1}", "],\"audienceMembers\":[", "\\u0022}", "null", "NaN",
    "true", "1e9",
    # sizes and odd letters
    "A" * 10_000, "Ä" * 9_999, "=" * 5_000, "\n" * 3_000, "\U0001f600" * 700, "\U0001f469\u200d\U0001f467",
    "\U0001d56c\U0001d58e", "\ufdfa" * 300, "\xdf", "\u0130", "\u01c5", "Zo\u0308e", "\uff11\uff12",
)  # fmt: skip
LINE_ENDS = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
TURNS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
FORMULA = {*"=+-@\uff1d\uff0b\uff0d\uff20"}
WORDS = re.compile(r"[a-z]{2,20}(_[1-9][0-9]*)?\.(csv|jsonl|parquet)")
FREE = ("first_name", "last_name", "street", "city")  # contact points that are free text
ALL = (*FREE, "email", "phone", "postal_code", "country_code", "customer_number", "language_code")


def hostile() -> list[str]:
    """Three hundred names: each seed, and pairs of them by chance."""
    dice = random.Random(300)
    names = list(SEEDS)
    while len(names) < COUNT:
        names.append("".join(dice.choice(SEEDS)[:40] for _ in range(dice.randrange(2, 4))))
    return names


def customers(form_name: str, columns: tuple[str, ...]) -> pa.Table:
    """A person with an address for each hostile name, which stands in these columns."""
    names = hostile()
    rows = contacts() if FORMS[form_name].kind == "message" else contact_points()
    rows = pa.concat_tables([rows.slice(0, 1)] * len(names)).combine_chunks()
    for column in (*columns, *(("subject", "offer", "link") if FORMS[form_name].kind == "message" else ())):
        rows = rows.set_column(rows.schema.get_field_index(column), column, pa.array(names, pa.string()))
    return rows


def made(form_name: str, columns: tuple[str, ...]) -> tuple[list[tuple[str, bytes]], int]:
    form = FORMS[form_name]
    rows = form.make(with_all(form, customers(form_name, columns)))
    files = form.files(stem(form), rows.cells.filter(rows.sendable())) if rows.reasons.null_count else []
    return [(file.name, bytes(memoryview(file.content))) for file in files], rows.reasons.null_count


def breaches(name: str, content: bytes, columns: tuple[str, ...]) -> list[str]:
    """What in a file broke out: of its cell, its row, its line or its name."""
    found = [] if WORDS.fullmatch(name) else [f"a file called {name!r}"]
    medium = name.rpartition(".")[2]
    if medium == "csv":
        lines = content.decode().split("\n")
        read = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
        found += [f"a row of {len(row)} cells" for row in read if len(row) != len(columns)]
        found += ["a row over two lines"] if len(lines) - 1 != len(read) else []
        for row in read[1:]:
            for column, cell in zip(columns, row, strict=False):
                begins = FORMULA if "phone" not in column.lower() else FORMULA - {"+"}
                found += ["a formula"] if cell[:1] in begins or re.search(r";\s*[=+\-@]", cell) else []
    for row in rows_in(content, medium):
        for text in texts_in(row):
            found += ["a line's end in a text"] if LINE_ENDS.search(text) else []
            found += ["text that turns what is around it"] if TURNS.search(text) else []
            found += [f"a cell of {len(text)} letters"] if len(text.encode()) > values.LONGEST_TEXT + 10 else []
    return found


@pytest.mark.parametrize("form", sorted(FORMS))
def test_no_hostile_name_breaks_out_of_its_cell(form: str) -> None:
    assert len(hostile()) == COUNT
    files, count = made(form, FREE)
    assert not [breach for name, content in files for breach in breaches(name, content, FORMS[form].columns)]
    if FORMS[form].kind == "membership":
        assert count == COUNT, "a strange name keeps nobody out"
    files, _ = made(form, ALL)
    assert not [breach for name, content in files for breach in breaches(name, content, FORMS[form].columns)]


@pytest.mark.parametrize("form", ["call_list", "klaviyo_list", "letter_file", "plain_csv"])
def test_the_test_notices_a_form_that_forgets_to_escape(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "FORMULA", re.compile("(?!)"))
    files, _ = made(form, FREE)
    assert "a formula" in [breach for name, content in files for breach in breaches(name, content, FORMS[form].columns)]
    monkeypatch.setattr(values, "CONTROL", re.compile("(?!)"))
    files, _ = made(form, FREE)
    found = {breach for name, content in files for breach in breaches(name, content, FORMS[form].columns)}
    assert found >= {"a line's end in a text", "text that turns what is around it"}


def test_the_test_notices_a_writer_that_forgets_to_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = pa.table({"a": ["x,y", 'say "x"'], "b": ["1", "2"]})
    assert not breaches("contacts.csv", csv_bytes(cells), ("a", "b"))
    assert breaches("contacts.csv", b'a,b\nx,y,1\nsay "x",2\n', ("a", "b"))
    monkeypatch.setattr(writing, "_needs_quotes", lambda *given: False)
    with pytest.raises(pa.ArrowInvalid):  # and Arrow's own writer refuses what it may not quote
        csv_bytes(cells)


def test_a_file_is_called_after_its_role_and_nothing_else() -> None:
    for name in hostile():
        if name.isascii() and name.isalpha() and name.islower():
            continue
        with pytest.raises(HoivaError) as told:
            file_name(name, 1, "csv")
        assert name not in str(told.value) or len(name) < 4
    assert file_name("contacts", 9_999, "csv") == "contacts_9999.csv"
    with pytest.raises(HoivaError):
        file_name("contacts", 10_000, "csv")


def test_every_form_that_ships_was_tried() -> None:
    assert set(FORMATS) <= set(FORMS)
