"""What excludes each other pair by pair, said at once: of three such contacts one may be, not one and a half."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

Group = tuple[list[int], int]  # places of items, of which at most so many


def as_cliques(groups: Sequence[Group]) -> list[Group]:
    """The same rules between the items of one owner, with "one of these two" joined to "one of all these".

    Whole plans are allowed or not as before. A choice in parts is held much tighter: half of each of three items keeps
    every pair, and would count as one and a half.

    >>> as_cliques([([0, 1], 1), ([1, 2], 1), ([0, 2], 1), ([0, 1, 2, 3], 2)])
    [([0, 1, 2, 3], 2), ([0, 1, 2], 1)]
    >>> as_cliques([([0, 1], 1), ([1, 2], 1)])
    [([0, 1], 1), ([1, 2], 1)]

    Args:
        groups: of one owner; those of which more than one may be stay as they are.
    """
    single = [places for places, most in groups if most == 1]
    if len(single) < 2:
        return list(groups)
    excluded: defaultdict[int, set[int]] = defaultdict(set)
    for places in single:
        for one in places:
            excluded[one].update(other for other in places if other != one)
    return [
        *((places, most) for places, most in groups if most != 1),
        *((list(clique), 1) for clique in _cliques(excluded, single)),
    ]


def _cliques(excluded: dict[int, set[int]], single: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Every pair grown to as many items as all exclude each other; each such set once."""
    found: dict[tuple[int, ...], None] = {}
    for places in single:
        for pair in combinations(sorted(places), 2):
            clique = list(pair)
            open_ones = excluded[pair[0]] & excluded[pair[1]]
            for one in sorted(open_ones):
                if all(one in excluded[other] for other in clique):
                    clique.append(one)
            found.setdefault(tuple(sorted(clique)))
    return list(found)
