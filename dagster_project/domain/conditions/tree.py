"""The second gate: every node of the parsed tree is allowed by name, typed, and written out again by ourselves.

Whatever is not handled here does not exist: no sub-query, table, file, setting, cast, window, lambda or list can
reach the engine, as nothing of the marketer's text does; only the words this module writes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from dagster_project.domain.conditions.error import ConditionError
from dagster_project.domain.conditions.leaves import (
    Typed,
    a_kind,
    bare,
    check_pattern,
    dated,
    floating,
    literal,
    position_of,
    span,
    why_not_allowed,
)

AS_OF = "as_of"  # the moment asked about; always there, a moment
MAX_DEPTH = 24  # levels of the tree, a chain of and/or counting as one per link
MAX_LIST = 200  # values of one in (...)

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
    exp.NullSafeEQ: "is not distinct from", exp.NullSafeNEQ: "is distinct from",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_ORDERED = {">", ">=", "<", "<="}
# The parts of a node that may be filled; any other part (a table name, a format, a sub-query) refuses the node.
_PARTS: dict[type[exp.Expr], set[str]] = {
    exp.Column: {"this"}, exp.Literal: {"this", "is_string"}, exp.Boolean: {"this"}, exp.Paren: {"this"},
    exp.Not: {"this"}, exp.Neg: {"this"}, exp.Between: {"this", "low", "high"}, exp.In: {"this", "expressions"},
    exp.Like: {"this", "expression", "negate"}, exp.ILike: {"this", "expression", "negate"},
    exp.Cast: {"this", "to"}, exp.Interval: {"this", "unit"}, exp.Case: {"ifs", "default"}, exp.If: {"this", "true"},
    exp.Abs: {"this"}, exp.Coalesce: {"this", "expressions"}, exp.Round: {"this", "decimals"},
    exp.Greatest: {"this", "expressions", "ignore_nulls"}, exp.Least: {"this", "expressions", "ignore_nulls"},
    exp.Lower: {"this"}, exp.Upper: {"this"}, exp.Div: {"this", "expression", "typed", "safe"},
}  # fmt: skip
_TWO = {"this", "expression"}


class Writer:
    """Checks one tree and writes it as canonical SQL; remembers the columns it met."""

    def __init__(self, kinds: Mapping[str, str], barred: frozenset[str]) -> None:
        self.kinds = kinds
        self.barred = barred
        self.used: set[str] = set()
        self._handlers: dict[type[exp.Expr], Callable[[exp.Expr], Typed]] = {
            exp.And: self._chain, exp.Or: self._chain, exp.Not: self._not, exp.Paren: self._paren,
            exp.Column: self._column, exp.Literal: literal, exp.Boolean: self._boolean, exp.Is: self._is,
            exp.Between: self._between, exp.In: self._in, exp.Like: self._like, exp.ILike: self._like,
            exp.Neg: self._negative, exp.Cast: dated, exp.Case: self._case, exp.Abs: self._abs,
            exp.Coalesce: self._several, exp.Greatest: self._several, exp.Least: self._several,
            exp.Round: self._round, exp.Lower: self._letters, exp.Upper: self._letters, exp.Interval: span,
            **dict.fromkeys(_COMPARISONS, self._compare), **dict.fromkeys(_ARITHMETIC, self._reckon),
        }  # fmt: skip
        self._depth = 0

    def condition(self, node: exp.Expr) -> str:
        """The SQL of a tree that answers yes or no; the outermost parentheses are left out."""
        written = self._statement(node)
        return bare(written.sql)

    def visit(self, node: exp.Expr) -> Typed:
        """Write one node, whatever its kind.

        Raises:
            ConditionError: the node, or a part of it, is not one that conditions are made of.
        """
        handler = self._handlers.get(type(node))
        filled = {name for name, value in node.args.items() if value not in (None, False, [])}
        if handler is None or filled - _PARTS.get(type(node), _TWO):
            raise ConditionError(why_not_allowed(node), position_of(node))
        self._depth += 1
        if self._depth > MAX_DEPTH * 4:
            raise ConditionError("is nested too deeply: split it", position_of(node))
        written = handler(node)
        self._depth -= 1
        return written

    def _of_kind(self, node: exp.Expr, kind: str) -> Typed:
        written = self.visit(node)
        if written.kind != kind:
            raise ConditionError(f"{a_kind(kind)} is needed here, this is {a_kind(written.kind)}", position_of(node))
        return written

    def _statement(self, node: exp.Expr) -> Typed:
        written = self._of_kind(node, "boolean")
        if written.is_constant:
            raise ConditionError("this part is always the same, whoever the customer is", position_of(node))
        return written

    def _number(self, node: exp.Expr) -> Typed:
        """A number to reckon with: as a floating number, so that no sum can overflow a narrower type."""
        inner = node.unnest()
        written = self._of_kind(inner, "number")
        if isinstance(inner, exp.Column):
            return written._replace(sql=f"cast({written.sql} as double)")
        if isinstance(inner, exp.Literal):
            return written._replace(sql=floating(str(inner.this)))
        return written

    def _chain(self, node: exp.Expr) -> Typed:
        links: list[exp.Expr] = []
        here: exp.Expr = node
        while type(here) is type(node):  # a long chain leans to the left: walk it, so that its length is no depth
            links.append(here.args["expression"])
            here = here.args["this"]
        word = " and " if isinstance(node, exp.And) else " or "
        return Typed(f"({word.join(self._statement(link).sql for link in [here, *reversed(links)])})", "boolean")

    def _not(self, node: exp.Expr) -> Typed:
        return Typed(f"(not {self._statement(node.this).sql})", "boolean")

    def _paren(self, node: exp.Expr) -> Typed:
        return self.visit(node.this)

    def _column(self, node: exp.Expr) -> Typed:
        name = node.name
        if name in self.barred or (name not in self.kinds and re.match("may_|.*(consent|holdout)", name)):
            raise ConditionError(
                f"{name} is not for conditions: consent and holdout are checked for every contact anyway",
                position_of(node),
            )
        if name not in self.kinds:
            nearest = difflib.get_close_matches(name, self.kinds, n=1, cutoff=0.6)
            hint = f"; did you mean {nearest[0]}?" if nearest else "; text stands in 'single quotes'"
            raise ConditionError(f"{name[:60]} is not a column here{hint}", position_of(node))
        self.used.add(name)
        return Typed(f'"{name}"', self.kinds[name], is_constant=name == AS_OF)

    def _boolean(self, node: exp.Expr) -> Typed:
        return Typed("true" if node.this else "false", "boolean", is_constant=True)

    def _compare(self, node: exp.Expr) -> Typed:
        mark = _COMPARISONS[type(node)]
        for side in (node.this, node.expression):
            if isinstance(side.unnest(), exp.Null):
                raise ConditionError("nothing equals null: write is null or is not null", position_of(node))
        left, right = self._pair(node.this, node.expression)
        if left.is_constant and right.is_constant:
            raise ConditionError("compares two constants: one side has to be a column", position_of(node))
        if left.kind != right.kind:
            hint = "; write timestamp '2026-03-31 00:00:00'" if {left.kind, right.kind} == {"moment", "text"} else ""
            hint = "; write date '2026-03-31'" if {left.kind, right.kind} == {"date", "text"} else hint
            raise ConditionError(f"{a_kind(left.kind)} is compared with {a_kind(right.kind)}{hint}", position_of(node))
        if left.kind == "interval" or (mark in _ORDERED and left.kind in ("text", "boolean")):
            raise ConditionError(f"{a_kind(left.kind)} has no order: {mark} is for numbers and time", position_of(node))
        return Typed(f"({left.sql} {mark} {right.sql})", "boolean")

    def _pair(self, left: exp.Expr, right: exp.Expr) -> tuple[Typed, Typed]:
        first, second = self.visit(left), self.visit(right)
        if first.kind == second.kind == "number" and not (first.is_constant or second.is_constant):
            return self._number(left), self._number(right)
        return first, second

    def _is(self, node: exp.Expr) -> Typed:
        subject = self.visit(node.this)
        what = node.expression
        if subject.is_constant:
            raise ConditionError("asks about a constant: name a column", position_of(node))
        if isinstance(what, exp.Null):
            return Typed(f"({subject.sql} is null)", "boolean")
        if isinstance(what, exp.Boolean) and subject.kind == "boolean":
            return Typed(f"({subject.sql} is {'true' if what.this else 'false'})", "boolean")
        raise ConditionError("is is for null, and for true or false after a yes/no column", position_of(node))

    def _between(self, node: exp.Expr) -> Typed:
        subject = self.visit(node.this)
        low, high = (self.visit(node.args[part]) for part in ("low", "high"))
        if subject.kind not in ("number", "moment", "date") or {low.kind, high.kind} != {subject.kind}:
            said = f"between compares {a_kind(subject.kind)} with {a_kind(low.kind)} and {a_kind(high.kind)}"
            raise ConditionError(f"{said}: all three have to be numbers, dates or moments", position_of(node))
        if subject.is_constant and low.is_constant and high.is_constant:
            raise ConditionError("compares constants: one side has to be a column", position_of(node))
        if subject.kind == "number":
            subject, low, high = (self._number(part) for part in (node.this, node.args["low"], node.args["high"]))
        return Typed(f"({subject.sql} between {low.sql} and {high.sql})", "boolean")

    def _in(self, node: exp.Expr) -> Typed:
        subject = self.visit(node.this)
        values = [self.visit(value) for value in node.expressions]
        if not 1 <= len(values) <= MAX_LIST:
            raise ConditionError(f"in (...) takes 1 to {MAX_LIST} values", position_of(node))
        if subject.is_constant or not all(value.is_constant for value in values):
            raise ConditionError("in compares a column with a list of constants", position_of(node))
        if subject.kind not in ("text", "number", "date") or {value.kind for value in values} != {subject.kind}:
            raise ConditionError(f"the list has to hold {subject.kind} only, as the column does", position_of(node))
        return Typed(f"({subject.sql} in ({', '.join(value.sql for value in values)}))", "boolean")

    def _like(self, node: exp.Expr) -> Typed:
        subject, pattern = self._of_kind(node.this, "text"), self._of_kind(node.expression, "text")
        if subject.is_constant or not pattern.is_constant:
            raise ConditionError("like compares a text column with a 'pattern%'", position_of(node))
        for part in node.expression.find_all(exp.Literal):
            check_pattern(str(part.this), position_of(part))
        if isinstance(node, exp.ILike):
            subject, pattern = Typed(f"lower({subject.sql})", "text"), Typed(f"lower({pattern.sql})", "text")
        word = "not like" if node.args.get("negate") else "like"
        return Typed(f"({subject.sql} {word} {pattern.sql})", "boolean")

    def _reckon(self, node: exp.Expr) -> Typed:
        mark = _ARITHMETIC[type(node)]
        left, right = node.this, node.expression
        if isinstance(right, exp.Interval) and mark in "+-":
            moment, by = self._of_kind(left, "moment"), span(right)
            return Typed(f"({moment.sql} {mark} {by.sql})", "moment", moment.is_constant)
        first, second = self._number(left), self._number(right)
        divisor = f"nullif({second.sql}, 0)" if mark in "/%" else second.sql  # nothing divided by zero is known
        return Typed(f"({first.sql} {mark} {divisor})", "number", first.is_constant and second.is_constant)

    def _negative(self, node: exp.Expr) -> Typed:
        number = self._number(node.this)
        return Typed(f"(- {number.sql})", "number", number.is_constant)

    def _case(self, node: exp.Expr) -> Typed:
        if node.args.get("default") is None:
            raise ConditionError("a case needs an else", position_of(node))
        parts, kinds = [], []
        for branch in node.args["ifs"]:
            when, then = self._statement(branch.this), self.visit(branch.args["true"])
            parts.append(f"when {when.sql} then {then.sql}")
            kinds.append(then.kind)
        otherwise = self.visit(node.args["default"])
        if {*kinds, otherwise.kind} - {kinds[0]} or kinds[0] == "interval":
            raise ConditionError("every branch of a case has to be of one kind", position_of(node))
        return Typed(f"(case {' '.join(parts)} else {otherwise.sql} end)", kinds[0])

    def _abs(self, node: exp.Expr) -> Typed:
        number = self._number(node.this)
        return Typed(f"abs({number.sql})", "number", number.is_constant)

    def _round(self, node: exp.Expr) -> Typed:
        number = self._number(node.this)
        digits = node.args.get("decimals")
        if digits is not None and not (isinstance(digits, exp.Literal) and re.fullmatch("[0-9]", str(digits.this))):
            raise ConditionError("round takes a number of digits from 0 to 9", position_of(node))
        return Typed(f"round({number.sql}, {digits.this if digits is not None else 0})", "number", number.is_constant)

    def _several(self, node: exp.Expr) -> Typed:
        name = type(node).__name__.lower()
        arguments = [node.this, *node.expressions]
        written = [self.visit(argument) for argument in arguments]
        kind = written[0].kind
        if len(written) < 2 or {part.kind for part in written} != {kind} or kind == "interval":
            raise ConditionError(f"{name} takes two or more values of one kind", position_of(node))
        if name != "coalesce" and kind in ("text", "boolean"):
            raise ConditionError(f"{name} is for numbers and time", position_of(node))
        if kind == "number":
            written = [self._number(argument) for argument in arguments]
        return Typed(f"{name}({', '.join(part.sql for part in written)})", kind, all(p.is_constant for p in written))

    def _letters(self, node: exp.Expr) -> Typed:
        text = self._of_kind(node.this, "text")
        return Typed(f"{type(node).__name__.lower()}({text.sql})", "text", text.is_constant)
