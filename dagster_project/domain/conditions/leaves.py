"""The written form of constants, and words for what is wrong: the leaves of a condition."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import NamedTuple

from sqlglot import exp

from dagster_project.domain.conditions.error import ConditionError

SMALL_INTEGER = 999_999_999  # compares exactly with every number type; larger ones go as floating numbers
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
LONGEST_PATTERN = 200  # letters of a like pattern
DAYS_OF = {"HOUR": 0, "DAY": 1, "WEEK": 7}
FUNCTIONS = ("abs", "coalesce", "greatest", "least", "lower", "round", "upper")


class Typed(NamedTuple):
    """A written part: its SQL, its kind, and whether it is a constant."""

    sql: str
    kind: str
    is_constant: bool = False


def literal(node: exp.Expr) -> Typed:
    """A number or a 'text', written again by ourselves."""
    text = str(node.this)
    if node.args.get("is_string"):
        return Typed(quoted(text), "text", is_constant=True)
    if not NUMBER.fullmatch(text):
        raise ConditionError("is not a plain number", position_of(node))
    if len(re.sub(r"[eE].*|\D", "", text)) > 15 or not abs(float(text)) < 1e300:
        raise ConditionError("a number has at most 15 digits", position_of(node))
    small = text.isdigit() and int(text) <= SMALL_INTEGER
    return Typed(str(int(text)) if small else floating(text), "number", is_constant=True)


def span(node: exp.Expr) -> Typed:
    """``interval 7 day``: a span of exact hours (moments are UTC, so a day is 24 of them)."""
    unit = str(node.args["unit"].name).upper().removesuffix("S") if node.args.get("unit") else ""
    count = str(node.this.this) if isinstance(node.this, exp.Literal) else ""
    if unit not in DAYS_OF or not count.isascii() or not count.isdigit() or int(count) > 5000:
        raise ConditionError("write a span as interval 90 day, or with hour or week", position_of(node))
    hours = int(count) * (DAYS_OF[unit] * 24 or 1)
    return Typed(f"interval '{hours}' hour", "interval", is_constant=True)


def check_pattern(pattern: str, position: int) -> None:
    """Refuse a pattern over which the engine would try every way to divide a text: ``_`` between several ``%``.

    Measured: ``a_%_%_%_%b`` took 20 seconds for a hundred texts of 200 letters; each ``%_`` more takes 50 times that.

    >>> check_pattern("%t_p%", 1)
    >>> check_pattern("a_%_%_%b", 1)
    Traceback (most recent call last):
    dagster_project.domain.conditions.error.ConditionError: character 1: a pattern with _ has at most two %
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ConditionError(f"a pattern has at most {LONGEST_PATTERN} letters", position)
    if "_" in pattern and len(re.findall("%+", pattern)) > 2:
        raise ConditionError("a pattern with _ has at most two %", position)


def dated(node: exp.Expr) -> Typed:
    """``date '2026-03-31'`` or ``timestamp '2026-03-31 12:00:00'``; every other change of type is refused."""
    target = node.args["to"]
    kind = {"DATE": "date", "TIMESTAMPNTZ": "moment", "TIMESTAMP": "moment"}.get(str(target.this.value).upper())
    inner = node.this
    if kind is None or target.expressions or not (isinstance(inner, exp.Literal) and inner.args.get("is_string")):
        raise ConditionError("types are not changed in a condition; a day is date '2026-03-31'", position_of(node))
    text = str(inner.this)
    try:
        if kind == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return Typed(f"date '{date.fromisoformat(text).isoformat()}'", kind, is_constant=True)
        if kind == "moment" and re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", text):
            moment = datetime.fromisoformat(text).isoformat(" ")
            return Typed(f"timestamp '{moment}'", kind, is_constant=True)
    except ValueError:
        pass
    written = "date '2026-03-31'" if kind == "date" else "timestamp '2026-03-31 12:00:00' (UTC)"
    raise ConditionError(f"is not {a_kind(kind)}: write {written}", position_of(inner))


def position_of(node: exp.Expr) -> int:
    """The first character (from 1) of a node's words, or 0 where the parser did not keep it."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts) + 1 if starts else 0


def why_not_allowed(node: exp.Expr) -> str:
    """The sentence for a node that conditions are not made of."""
    if any(isinstance(part, exp.Query | exp.Subquery | exp.Exists) for part in node.walk()):
        return "a condition reads one customer's row: no select"
    if isinstance(node, exp.In):
        return "in takes a list of constants: in ('a', 'b')"
    if isinstance(node, exp.Null):
        return "null is written only after is: is null, is not null"
    if isinstance(node, exp.Func):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        return f"the function {name[:40]} is not used in conditions; there are {', '.join(FUNCTIONS)}"
    return f"{type(node).__name__.lower()} is not used in conditions"


def bare(sql: str) -> str:
    """Leave out one pair of parentheses around everything; they are ours, so the first closes last or it is no pair."""
    if not (sql.startswith("(") and sql.endswith(")")):
        return sql
    depth, in_text = 0, False
    for number, character in enumerate(sql):
        in_text ^= character == "'"
        depth += 0 if in_text else (character == "(") - (character == ")")
        if depth == 0 and number < len(sql) - 1:
            return sql
    return sql[1:-1]


def quoted(text: str) -> str:
    """A text in single quotes, those inside doubled."""
    return "'" + text.replace("'", "''") + "'"


def floating(digits: str) -> str:
    """A number as a floating one: ``2`` is ``2e0``."""
    return digits if "e" in digits.lower() else f"{digits}e0"


def a_kind(kind: str) -> str:
    """A kind as a person says it."""
    return {"text": "text", "interval": "a span of time", "boolean": "a yes/no value"}.get(kind, f"a {kind}")
