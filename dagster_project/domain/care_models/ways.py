"""Ways of a branch compared: can one ever be taken, and can two be meant at once?

Worked out for comparisons of a column with values, joined by ``and`` and ``or``. What is written otherwise (sums,
functions) is let through: nothing is refused that might be right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import TYPE_CHECKING

from dagster_project.domain.conditions import Condition

if TYPE_CHECKING:
    from sqlglot import exp

Span = tuple[float, bool, float, bool]  # from (included?) to (included?)
MOST_REGIONS = 32  # alternatives of one condition that are looked at; with more it is let through


@dataclass(frozen=True)
class Values:
    """Values of one column: spans of numbers, or texts that it is one of (or, with ``is_not``, none of)."""

    spans: tuple[Span, ...] = ()
    texts: frozenset[str] | None = None
    is_not: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether no value is left."""
        return not self.texts and not self.is_not if self.texts is not None else not self.spans

    def within(self, other: Values) -> Values:
        """The values that are in both."""
        if self.texts is None or other.texts is None:
            spans = [_both(one, two) for one in self.spans for two in other.spans]
            return Values(tuple(span for span in spans if span is not None))
        if self.is_not and other.is_not:
            return Values((), self.texts | other.texts, True)
        if self.is_not or other.is_not:
            kept, out = (other, self) if self.is_not else (self, other)
            assert kept.texts is not None
            assert out.texts is not None
            return Values((), kept.texts - out.texts)
        return Values((), self.texts & other.texts)

    def lies_in(self, other: Values) -> bool:
        """Whether every value is one of the other's."""
        if self.texts is not None and other.texts is not None:
            if other.is_not:
                return self.texts >= other.texts if self.is_not else not self.texts & other.texts
            return not self.is_not and self.texts <= other.texts
        return all(any(_both(span, wider) == span for wider in other.spans) for span in self.spans)


Region = Mapping[str, Values]  # what each column that is asked about may be


def regions_of(condition: Condition) -> list[Region] | None:
    """The alternatives under which a condition holds; None when it asks something that cannot be compared."""
    import sqlglot

    found = _regions(sqlglot.parse_one(condition.text, read="duckdb"))
    if found is None:
        return None
    return [region for region in found if not any(values.is_empty for values in region.values())]


def never_holds(condition: Condition) -> bool:
    """Whether a condition contradicts itself.

    >>> from dagster_project.domain.conditions import compile_condition
    >>> columns = {"count_orders": "bigint"}
    >>> never_holds(compile_condition("count_orders > 5 and count_orders < 3", columns))
    True
    """
    return regions_of(condition) == []


def is_covered(condition: Condition, earlier: Sequence[Condition]) -> bool:
    """Whether wherever a condition holds one of the earlier ones holds, too: its way is never taken."""
    mine = regions_of(condition)
    theirs = [regions for regions in map(regions_of, earlier) if regions is not None]
    if mine is None or not mine:
        return False
    before = [region for regions in theirs for region in regions]
    return all(any(_lies_in(region, wider) for wider in before) or _filled(region, before) for region in mine)


def share_values(one: Condition, other: Condition) -> bool:
    """Whether two conditions about one and the same column can hold at once."""
    mine, theirs = regions_of(one), regions_of(other)
    if mine is None or theirs is None:
        return False
    columns = {column for region in [*mine, *theirs] for column in region}
    if len(columns) != 1:
        return False
    (column,) = columns
    return any(not a[column].within(b[column]).is_empty for a in mine for b in theirs)


def _lies_in(region: Region, wider: Region) -> bool:
    return all(column in region and region[column].lies_in(values) for column, values in wider.items())


def _filled(region: Region, before: Sequence[Region]) -> bool:
    """Whether spans of earlier ways about the same one column fill it together."""
    if len(region) != 1:
        return False
    ((column, values),) = region.items()
    spans = sorted(span for each in before if set(each) == {column} for span in each[column].spans)
    return bool(values.spans) and all(_reaches(span, spans) for span in values.spans)


def _reaches(span: Span, spans: Sequence[Span]) -> bool:
    at, is_open = span[0], not span[1]  # what is not filled yet begins here
    for low, low_in, high, high_in in spans:
        joins = low < at or (low == at and (low_in or is_open))
        if joins and (high > at or (high == at and high_in)):
            at, is_open = high, high_in
        if at > span[2] or (at == span[2] and (is_open or not span[3])) or at == inf:
            return True
    return False


def _both(one: Span, two: Span) -> Span | None:
    low, low_in = max((one[0], not one[1]), (two[0], not two[1]))
    high, high_in = min((one[2], one[3]), (two[2], two[3]))
    if low > high or (low == high and (low_in or not high_in)):
        return None
    return (low, not low_in, high, high_in)


def _regions(tree: exp.Expr) -> list[dict[str, Values]] | None:
    from sqlglot import exp

    tree = tree.unnest()
    if isinstance(tree, (exp.And, exp.Or)):
        left, right = _regions(tree.left), _regions(tree.right)
        if left is None or right is None:
            return None
        found = [*left, *right] if isinstance(tree, exp.Or) else [_joined(a, b) for a, b in product(left, right)]
        return found if len(found) <= MOST_REGIONS else None
    atom = _atom(tree)
    return None if atom is None else [{atom[0]: atom[1]}]


def _joined(one: Mapping[str, Values], two: Mapping[str, Values]) -> dict[str, Values]:
    both = dict(one)
    for column, values in two.items():
        both[column] = both[column].within(values) if column in both else values
    return both


def _atom(tree: exp.Expr) -> tuple[str, Values] | None:
    from sqlglot import exp

    if isinstance(tree, exp.Not):
        inner = tree.this.unnest()
        if isinstance(inner, exp.Column):
            return inner.name, Values((), frozenset({"false"}))
        found = _atom(inner) if isinstance(inner, exp.In) else None
        return None if found is None or found[1].texts is None else (found[0], Values((), found[1].texts, True))
    if isinstance(tree, exp.Column):
        return tree.name, Values((), frozenset({"true"}))
    if isinstance(tree, exp.In) and isinstance(tree.this, exp.Column) and tree.expressions:
        values = [_compared(exp.EQ, each) for each in tree.expressions]
        if any(each is None for each in values):
            return None
        texts = [each.texts for each in values if each is not None]
        if all(each is not None for each in texts):
            return tree.this.name, Values((), frozenset[str]().union(*(each for each in texts if each is not None)))
        return tree.this.name, Values(tuple(span for each in values if each is not None for span in each.spans))
    if isinstance(tree, exp.Between) and isinstance(tree.this, exp.Column):
        low, high = _compared(exp.GTE, tree.args["low"]), _compared(exp.LTE, tree.args["high"])
        return None if low is None or high is None else (tree.this.name, low.within(high))
    turned: dict[type[exp.Expr], type[exp.Expr]] = {
        exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ, exp.NEQ: exp.NEQ,
    }  # fmt: skip
    if type(tree) not in turned:
        return None
    column, value, kind = tree.this, tree.expression, type(tree)
    if not isinstance(column, exp.Column):
        column, value, kind = value, column, turned[type(tree)]
    found_values = _compared(kind, value) if isinstance(column, exp.Column) else None
    return None if found_values is None else (column.name, found_values)


def _compared(kind: type[exp.Expr], value: exp.Expr) -> Values | None:
    """The values that compare like this with a number, a text or a yes or no; None for anything else."""
    from sqlglot import exp

    value = value.unnest()
    if isinstance(value, exp.Boolean) or (isinstance(value, exp.Literal) and value.is_string):
        text = frozenset({str(value.this).lower() if isinstance(value, exp.Boolean) else str(value.this)})
        return Values((), text, kind is exp.NEQ) if kind in (exp.EQ, exp.NEQ) else None
    sign = -1.0 if isinstance(value, exp.Neg) else 1.0
    literal = value.this if isinstance(value, exp.Neg) else value
    if not isinstance(literal, exp.Literal) or literal.is_string:
        return None
    number = sign * float(literal.this)
    spans: dict[type[exp.Expr], tuple[Span, ...]] = {
        exp.EQ: ((number, True, number, True),),
        exp.NEQ: ((-inf, True, number, False), (number, False, inf, True)),
        exp.GT: ((number, False, inf, True),),
        exp.GTE: ((number, True, inf, True),),
        exp.LT: ((-inf, True, number, False),),
        exp.LTE: ((-inf, True, number, True),),
    }
    return Values(spans[kind]) if kind in spans else None
