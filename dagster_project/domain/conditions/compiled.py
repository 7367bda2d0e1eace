"""A condition and what it compiles to: SQL that we wrote ourselves, from a tree of which every node was allowed."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dagster_project.domain.conditions.error import ConditionError
from dagster_project.domain.conditions.tree import AS_OF, Writer
from dagster_project.domain.conditions.words import check_words

_KINDS = {
    "text": r"string|text|varchar|large_string|char|character varying",
    "number": r"u?(tiny|small|big|huge)?int(eger)?(8|16|32|64)?|u?int(8|16|32|64)|number|double|float|real|halffloat"
    r"|(decimal|decimal128|numeric)(\(\d+, ?\d+\))?",
    "boolean": r"bool(ean)?",
    "moment": r"moment|timestamp(\[(s|ms|us|ns)\])?|datetime",
    "date": r"date|date32(\[day\])?",
}
_BARRED = re.compile(r"^may_|consent|holdout|suppress|control_group|is_control", re.IGNORECASE)


@dataclass(frozen=True)
class Condition:
    """A yes/no question about one row that passed every check.

    ``sql`` is canonical: quoted names, explicit parentheses, the same for two texts that mean the same words. The
    moment asked about stands in it as the column ``"as_of"``. An unknown answer (null) counts as no.
    """

    text: str
    sql: str
    columns: tuple[tuple[str, str], ...]  # (name, kind) of every column it reads but as_of, by name

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it reads.

        >>> compile_condition("count_orders = 1 and last_at > as_of - interval 7 day",
        ...                   {"count_orders": "bigint", "last_at": "timestamp"}).names
        ('count_orders', 'last_at')
        """
        return tuple(name for name, _ in self.columns)


def compile_condition(text: str, columns: Mapping[str, str]) -> Condition:
    """Check a condition and compile it.

    >>> compile_condition("value_tier in ('top', 'high') and is_fading",
    ...                   {"value_tier": "string", "is_fading": "boolean"}).sql
    '("value_tier" in (\\'top\\', \\'high\\')) and "is_fading"'

    Args:
        text: a boolean expression over the columns, and ``as_of``, the moment asked about.
        columns: the declared columns with their types (``string``, ``bigint``, ``decimal(18,4)``, ``timestamp``, ...).
            Columns about consent or the holdout are refused even when they are declared.

    Raises:
        ConditionError: anything else; says what, where, and what to write instead.
    """
    check_words(text)
    kinds = {name: kind_of(kind) for name, kind in columns.items() if not is_barred(name)}
    kinds[AS_OF] = "moment"
    tree = _parse(text)
    try:
        writer = Writer(kinds, barred=frozenset(name for name in columns if is_barred(name)))
        sql = writer.condition(tree)
    except RecursionError:
        raise ConditionError("is nested too deeply: split it") from None
    used = sorted(writer.used - {AS_OF})
    if not used:
        raise ConditionError("names no column: it would hold for everybody or nobody")
    return Condition(" ".join(text.split()), sql, tuple((name, kinds[name]) for name in used))


def is_barred(column: str) -> bool:
    """Whether a column is about consent, suppression, the holdout or a control group, which no condition may read.

    >>> is_barred("may_email"), is_barred("newest_consent_id"), is_barred("count_orders")
    (True, True, False)
    """
    return _BARRED.search(column) is not None


def kind_of(type_name: str) -> str:
    """The kind a type is of: text, number, boolean, moment or date.

    >>> kind_of("decimal(18,4)"), kind_of("BIGINT"), kind_of("timestamp[us]")
    ('number', 'number', 'moment')

    Raises:
        ConditionError: a type that conditions cannot read (a list, a struct, a moment with a zone).
    """
    for kind, pattern in _KINDS.items():
        if re.fullmatch(pattern, type_name.strip().lower()):
            return kind
    raise ConditionError(f"a column of type {type_name[:40]} cannot stand in a condition")


def _parse(text: str) -> exp.Expr:
    log = logging.getLogger("sqlglot")
    was, log.disabled = log.disabled, True  # it would repeat the text; our own message says more
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb", into=exp.Condition)
    except SqlglotError as error:
        first = (getattr(error, "errors", None) or [{}])[0]
        at = max(int(first.get("col") or 0) - len(str(first.get("highlight") or " ")) + 1, 0)
        near = str(first.get("highlight") or "")[:40]
        raise ConditionError(
            f"is not a condition: wrong or unfinished at {near}" if near else "is not a condition", at
        ) from None
    except RecursionError:
        raise ConditionError("is nested too deeply: split it") from None
    except Exception:  # a parser's own mistake must stay one refused condition
        raise ConditionError("is not a condition that can be read") from None
    finally:
        log.disabled = was
    return tree
