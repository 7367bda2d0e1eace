"""Conditions, entries and steps in words, as they stand on the map and in the tables beside it."""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.maps.wordlists import COUNTED, DAYS, EVENTS, MOMENTS, OTHERS, YES_NO
from dagster_project.domain.care_models.model import (
    BecomesEntry,
    CareModel,
    DateEntry,
    EventEntry,
    Reentry,
    SegmentEntry,
    SilenceEntry,
    StateEntry,
    WaveEntry,
)
from dagster_project.domain.care_models.steps import WEEK, Happening, Response, Wait
from dagster_project.domain.conditions import Condition

COMPARED: dict[type[exp.Expr], str] = {exp.GT: "over", exp.GTE: "at least", exp.LT: "under", exp.LTE: "at most"}
AGO: dict[type[exp.Expr], str] = {
    exp.LT: "more than ", exp.LTE: "at least ", exp.GT: "less than ", exp.GTE: "at most ",
}  # fmt: skip
OF_COUNTS: dict[type[exp.Expr], str] = {
    exp.GT: "more than", exp.GTE: "at least", exp.LT: "fewer than", exp.LTE: "at most",
}  # fmt: skip
TURNED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ, exp.NEQ: exp.NEQ,
}  # fmt: skip


def condition_in_words(condition: Condition) -> str:
    """A condition as a marketer would say it; what has no words stays as it is written.

    >>> from dagster_project.domain.conditions import compile_condition
    >>> columns = {"count_open_complaints": "bigint", "value_tier": "string", "is_fading": "boolean"}
    >>> text = "value_tier in ('top', 'high') and is_fading and count_open_complaints = 0"
    >>> condition_in_words(compile_condition(text, columns))
    'value tier is top or high, grows quieter than usual, no open complaints'
    """
    return _said(sqlglot.parse_one(condition.text, read="duckdb"))


def _said(tree: exp.Expr) -> str:
    if isinstance(tree, exp.Paren):
        return _said(tree.this)
    if isinstance(tree, exp.And):
        return ", ".join(_part(side) for side in (tree.left, tree.right))
    if isinstance(tree, exp.Or):
        return " or ".join(_part(side, alone=True) for side in (tree.left, tree.right))
    if isinstance(tree, exp.Column) and tree.name in YES_NO:
        return YES_NO[tree.name][0]
    if isinstance(tree, exp.Not):
        return _not(tree.this)
    if isinstance(tree, exp.In) and isinstance(tree.this, exp.Column):
        values = [_value(each) for each in tree.expressions]
        return f"{_label(tree.this.name)} is {_or(values)}"
    if isinstance(tree, exp.Between) and isinstance(tree.this, exp.Column):
        name, low, high = tree.this.name, _value(tree.args["low"]), _value(tree.args["high"])
        return f"{low} to {high} days {DAYS[name]}" if name in DAYS else f"{_label(name)} {low} to {high}"
    if isinstance(tree, exp.Is) and isinstance(tree.this, exp.Column):
        return f"{_label(tree.this.name)} unknown"
    if type(tree) in TURNED:
        return _comparison(tree)
    return tree.sql("duckdb")


def _part(tree: exp.Expr, alone: bool = False) -> str:
    inner = tree.unnest()
    said = _said(inner)
    mixed = isinstance(inner, exp.And if alone else exp.Or)
    return f"({said})" if mixed else said


def _not(tree: exp.Expr) -> str:
    inner = tree.unnest()
    if isinstance(inner, exp.Column) and inner.name in YES_NO:
        return YES_NO[inner.name][1]
    if isinstance(inner, exp.Is) and isinstance(inner.this, exp.Column):
        return f"{_label(inner.this.name)} known"
    if isinstance(inner, exp.In) and isinstance(inner.this, exp.Column):
        return f"{_label(inner.this.name)} is not {_or([_value(each) for each in inner.expressions])}"
    return f"not ({_said(inner)})"


def _comparison(tree: exp.Expr) -> str:
    left, right, kind = tree.this, tree.expression, type(tree)
    if not isinstance(left, exp.Column) and isinstance(right, exp.Column):
        left, right, kind = right, left, TURNED[kind]
    if not isinstance(left, exp.Column):
        return tree.sql("duckdb")
    name = left.name
    ago = _ago(right)
    if name in MOMENTS and ago is not None:
        how = AGO.get(kind, "")
        return f"{MOMENTS[name]} {how}{ago} ago"
    value = _value(right)
    if name in YES_NO and value in ("true", "false"):
        return YES_NO[name][(value == "true") == (kind is exp.NEQ)]
    if name in COUNTED:
        return _count(COUNTED[name], kind, value)
    if name in DAYS:
        how = "" if kind is exp.EQ else f"{COMPARED.get(kind, 'not')} "
        return f"{how}{value} days {DAYS[name]}"
    if kind is exp.EQ:
        return f"{_label(name)} is {value}"
    if kind is exp.NEQ:
        return f"{_label(name)} is not {value}"
    return f"{_label(name)} {COMPARED[kind]} {value}"


def _count(words: tuple[str, str], kind: type[exp.Expr], value: str) -> str:
    one, many = words
    if value == "0" and kind in (exp.EQ, exp.LTE):
        return f"no {many}"
    if (value, kind) in (("0", exp.GT), ("1", exp.GTE), ("0", exp.NEQ)):
        return f"at least one {one}"
    noun = one if value == "1" else many
    if kind is exp.EQ:
        return f"exactly {value} {noun}" if value != "1" else f"one {one}"
    if kind is exp.NEQ:
        return f"not {value} {noun}"
    how = OF_COUNTS[kind]
    return f"{how} {value} {noun}"


def _ago(tree: exp.Expr) -> str | None:
    """``as_of - interval 21 day`` as "21 days"."""
    if not isinstance(tree, exp.Sub) or not isinstance(tree.expression, exp.Interval):
        return None
    interval = tree.expression
    number, unit = str(interval.this.name), str(interval.unit).lower().rstrip("s")
    return f"{number} {unit}{'' if number == '1' else 's'}"


def _label(name: str) -> str:
    for words in (OTHERS, MOMENTS, DAYS):
        if name in words:
            return words[name]
    if name in COUNTED:
        return COUNTED[name][1]
    return name.replace("_", " ")


def _value(tree: exp.Expr) -> str:
    if isinstance(tree, exp.Literal):
        return str(tree.this).replace("_", " ") if tree.is_string else str(tree.this)
    return tree.sql("duckdb").lower() if isinstance(tree, exp.Boolean) else tree.sql("duckdb")


def _or(values: list[str]) -> str:
    return " or ".join([", ".join(values[:-1]), values[-1]] if len(values) > 1 else values)


def span_in_words(span: Duration) -> str:
    """``7d`` as "1 week", ``36h`` as "36 hours".

    >>> span_in_words(Duration(days=14)), span_in_words(Duration(hours=1)), span_in_words(Duration(days=10))
    ('2 weeks', '1 hour', '10 days')
    """
    if span.hours:
        return _many(span.hours, "hour")
    if span.days and span.days % 7 == 0 and span.days <= 56:
        return _many(span.days // 7, "week")
    return _many(span.days, "day")


def _many(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def event_in_words(event: str) -> str:
    """``purchase`` as "buys", ``became_fading`` as "becomes fading"."""
    return EVENTS.get(event) or f"becomes {event.removeprefix('became_').replace('_', ' ')}"


def happening_in_words(happening: Happening) -> str:
    """An event with its condition."""
    words = [event_in_words(happening.event)]
    if happening.same_subject:
        words.append("(the same order or case)")
    if happening.where is not None:
        words.append(f"({condition_in_words(happening.where)})")
    return " ".join(words)


def response_in_words(response: Response) -> str:
    """``opened`` as "opened", ``any_opened`` as "opened, also by a machine"."""
    if response.response.startswith("any_"):
        return f"{response.response.removeprefix('any_')}, also by a machine"
    return response.response.replace("_", " ")


def wait_in_words(wait: Wait) -> str:
    """A pause: "3 days, then Tuesday at 09:00"."""
    words = [span_in_words(wait.span)] if wait.span else []
    if wait.attribute is not None:
        days = abs(wait.offset_days)
        side = "" if not days else f"{_many(days, 'day')} {'before' if wait.offset_days < 0 else 'after'} the "
        words.append(f"until {side}{_label(wait.attribute)}")
    if wait.weekdays:
        words.append(f"until {_or([WEEK[day].capitalize() for day in wait.weekdays])}")
    if wait.working_day:
        words.append("until a working day")
    text = ", ".join(words)
    if wait.at is not None:
        text = f"{text} at {wait.at:%H:%M}" if text else f"until {wait.at:%H:%M}"
    return text


def entry_in_words(model: CareModel) -> tuple[str, str]:
    """What brings a customer in, and what must be true besides ("" for nothing)."""
    entry = model.entry
    where = getattr(entry, "where", None)
    besides = "" if where is None else condition_in_words(where)
    if isinstance(entry, EventEntry):
        return event_in_words(entry.event).capitalize(), besides
    if isinstance(entry, WaveEntry):
        return f"Once a month, on day {entry.day}: who is new in the group", besides
    if isinstance(entry, SilenceEntry):
        return f"Nothing heard for {span_in_words(entry.span)}", besides
    if isinstance(entry, SegmentEntry):
        return f"{'Leaves' if entry.left else 'Comes into'} the segment {entry.segment.replace('_', ' ')}", besides
    if isinstance(entry, DateEntry):
        days = abs(entry.offset_days)
        side = "On the" if not days else f"{_many(days, 'day')} {'before' if entry.offset_days < 0 else 'after'} the"
        return f"{side} {_label(entry.attribute)}{', every year' if entry.yearly else ''}", besides
    said: Callable[[str], str] = str
    if isinstance(entry, BecomesEntry):
        return "As soon as this becomes true", said(besides)
    assert isinstance(entry, StateEntry)
    return "While this is true", said(besides)


def reentry_in_words(reentry: Reentry) -> str:
    """Whether she may come again."""
    return {
        "never": "once in a lifetime",
        "after_exit": "again when the last time has ended",
        "after": f"again after {span_in_words(reentry.after)}",
        "per": "once for each order or case",
    }[reentry.kind]
