"""What no customer may become: matches that would make it so are held, weakest first.

Connected parts of the graph are customers, unless a part breaks a limit: two customer numbers, birth dates that clearly
differ, too many addresses or names, a pair that a person has told apart, a chain of weak matches. Such a part is built
again match by match, strongest first, and each match that would break a limit is held. Most parts break none, so the
loop touches few records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from dagster_project.domain.identity.alike import Name, count_distinct_names, some_dates_differ
from dagster_project.domain.identity.nodes import NONE
from dagster_project.domain.identity.rules import (
    BIRTH_DATES_DIFFER,
    PROBABLE,
    SAID_DIFFERENT,
    SAID_SAME,
    TOO_MANY_EMAILS,
    TOO_MANY_NAMES,
    TOO_MANY_PHONES,
    TWO_CUSTOMER_NUMBERS,
    WEAK_CHAIN,
    Limits,
    MatchRules,
)
from dagster_project.domain.identity.union_find import components

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from dagster_project.domain.identity.nodes import Nodes

Pair = tuple[int, int]


def hold_by_limits(
    matches: pd.DataFrame, nodes: Nodes, rules: MatchRules, told_apart: set[Pair]
) -> tuple[pd.Series, np.ndarray]:
    """The reasons of all matches after the limits, and the part of each record.

    Args:
        matches: MATCH_COLUMNS, in the order in which they may join; those with a reason are held already.
        nodes: the records.
        rules: the limits, and which rules are certain.
        told_apart: pairs of positions (smaller first) that a person said are different.

    Returns:
        the reason of each match (by the index of ``matches``), and for each record a label of its part.
    """
    import numpy as np

    reason = matches["reason"].copy()
    open_matches = matches[reason.isna()]
    a, b = open_matches["a"].to_numpy(), open_matches["b"].to_numpy()
    labels = components(a, b, len(nodes.ids))
    crowded = np.isin(labels[a], crowded_parts(labels, nodes, rules, open_matches, told_apart))
    if not crowded.any():
        return reason, labels
    again = open_matches[crowded]
    builder = Builder(nodes, rules, told_apart, supporters_of(matches))
    reason.loc[again.index] = builder.join_all(again)
    kept = reason.isna().to_numpy()
    return reason, components(matches["a"].to_numpy()[kept], matches["b"].to_numpy()[kept], len(nodes.ids))


def crowded_parts(
    labels: np.ndarray, nodes: Nodes, rules: MatchRules, matches: pd.DataFrame, told_apart: set[Pair]
) -> np.ndarray:
    """Labels of the parts that break a limit, or may: the loop looks at them closely."""
    import numpy as np
    import pandas as pd

    limits = rules.limits
    most = {"customer_number": 1, "birth_date": 1, "email": limits.emails, "phone": limits.phones}
    found: list[np.ndarray] = []
    for attribute, at_most in most.items():
        if attribute not in nodes.columns:
            continue
        codes = nodes.columns[attribute].codes
        seen = pd.DataFrame({"label": labels[nodes.owner], "code": codes})[codes != NONE].drop_duplicates()
        count = seen.groupby("label").size()
        found.append(count.index[count > at_most].to_numpy())
    records = pd.Series(labels[~nodes.is_cookie]).value_counts()
    found.append(records.index[records > limits.names].to_numpy())
    found.append(np.array([labels[a] for a, b in told_apart if labels[a] == labels[b]], dtype=labels.dtype))
    weak = matches[matches["rule"] == PROBABLE]
    count_weak = pd.Series(labels[weak["a"].to_numpy()]).value_counts()
    found.append(count_weak.index[count_weak > 1].to_numpy())
    return np.unique(np.concatenate(found))


def supporters_of(matches: pd.DataFrame) -> set[Pair]:
    """All pairs that any rule speaks for, held or not: what counts as support of a probable match."""
    low, high = matches[["a", "b"]].min(axis=1), matches[["a", "b"]].max(axis=1)
    return set(zip(low.tolist(), high.tolist(), strict=True))


@dataclass
class Part:
    """A customer in the making."""

    records: list[int]
    numbers: set[str]
    dates: set[date]
    emails: set[int]
    phones: set[int]
    names: set[Name]
    cores: list[list[int]] = field(default_factory=list)  # groups joined by more than probable matches

    def within(self, other: Part, attribute: str) -> int:
        """How many distinct values the two have together."""
        return len(getattr(self, attribute) | getattr(other, attribute))


class Builder:
    """Joins the matches of crowded parts one by one."""

    def __init__(self, nodes: Nodes, rules: MatchRules, told_apart: set[Pair], supported: set[Pair]) -> None:
        self.nodes, self.limits = nodes, rules.limits
        self.certain = {rule.rule for rule in rules.exact if rule.is_certain}
        self.supported = supported
        self.apart: dict[int, set[int]] = {}
        for a, b in told_apart:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)
        self.part: dict[int, Part] = {}
        self.rows: dict[int, list[int]] = {}

    def join_all(self, matches: pd.DataFrame) -> list[str | None]:
        """Join in the order given; the reason of each match that was held."""
        self._read_rows({*matches["a"].tolist(), *matches["b"].tolist()})
        reasons: list[str | None] = []
        for a, b, rule in zip(matches["a"].tolist(), matches["b"].tolist(), matches["rule"].tolist(), strict=True):
            ours, theirs = self.part_of(a), self.part_of(b)
            reason = None if ours is theirs else self.objection(ours, theirs, rule)
            reasons.append(reason)
            if ours is not theirs and reason is None:
                self._join(ours, theirs, rule)
        return reasons

    def objection(self, ours: Part, theirs: Part, rule: str) -> str | None:
        """Why two parts may not become one by this rule."""
        if ours.within(theirs, "numbers") > 1:
            return TWO_CUSTOMER_NUMBERS
        if rule in self.certain:
            return None
        if any(other in self.apart.get(record, ()) for record in ours.records for other in theirs.records):
            return SAID_DIFFERENT
        if rule == SAID_SAME:
            return None
        limits: Limits = self.limits
        if limits.birth_dates and some_dates_differ(ours.dates, theirs.dates):
            return BIRTH_DATES_DIFFER
        if ours.within(theirs, "emails") > limits.emails:
            return TOO_MANY_EMAILS
        if ours.within(theirs, "phones") > limits.phones:
            return TOO_MANY_PHONES
        names = ours.names | theirs.names
        if len(names) > limits.names and count_distinct_names(sorted(names, key=_in_order)) > limits.names:
            return TOO_MANY_NAMES
        if rule == PROBABLE and self._support(ours, theirs) < limits.support:
            return WEAK_CHAIN
        return None

    def part_of(self, record: int) -> Part:
        """The part a record is in, at first alone."""
        if record not in self.part:
            nodes = self.nodes
            born = nodes.birth_date_now(record)
            name = nodes.name_now(record)
            self.part[record] = Part(
                records=[record],
                numbers=set(self._values("customer_number", record)),
                dates={born} if born else set(),
                emails=set(self._values("email", record)),
                phones=set(self._values("phone", record)),
                names={name} if name[0] else set(),
                cores=[[record]],
            )
        return self.part[record]

    def _values(self, attribute: str, record: int) -> list:
        coded = self.nodes.columns.get(attribute)
        if coded is None:
            return []
        codes = [int(coded.codes[row]) for row in self.rows.get(record, [])]
        return [coded.values[code] for code in codes if code != NONE]

    def _read_rows(self, records: set[int]) -> None:
        import numpy as np

        for row in np.flatnonzero(np.isin(self.nodes.owner, sorted(records))).tolist():
            self.rows.setdefault(int(self.nodes.owner[row]), []).append(row)

    def _support(self, ours: Part, theirs: Part) -> float:
        """The share of pairs of cores, one of each part, that some rule speaks for."""
        spoken = sum(
            any((min(a, b), max(a, b)) in self.supported for a in one for b in other)
            for one in ours.cores
            for other in theirs.cores
        )
        return spoken / (len(ours.cores) * len(theirs.cores))

    def _join(self, ours: Part, theirs: Part, rule: str) -> None:
        if len(ours.records) < len(theirs.records):
            ours, theirs = theirs, ours
        if rule == PROBABLE:
            ours.cores += theirs.cores
        else:  # all of both are held together by more than a probability now
            ours.cores = [[record for core in (*ours.cores, *theirs.cores) for record in core]]
        for values in ("numbers", "dates", "emails", "phones", "names"):
            getattr(ours, values).update(getattr(theirs, values))
        ours.records += theirs.records
        for record in theirs.records:
            self.part[record] = ours


def _in_order(name: Name) -> tuple[str, str]:
    return name[0] or "", name[1] or ""
