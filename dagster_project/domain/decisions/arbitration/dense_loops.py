"""Loops over the rows of a matrix of values, compiled by numba when this module is first imported.

In all of them ``value`` is float64[m, a], ``cost`` float64[a]: what an action costs everybody at the prices; ``own`` is
float64[m, a, d] (d may be 0) and ``price`` float64[d]: what it costs each customer besides. A customer's best are the
``k`` actions of highest value above cost, of those above zero.
"""

from __future__ import annotations

import numpy as np
from numba import njit

Numbers = np.ndarray


@njit
def _reduced(value: Numbers, cost: Numbers, own: Numbers, price: Numbers, i: int, j: int) -> float:
    left = value[i, j] - cost[j]
    for d in range(price.shape[0]):
        left -= own[i, j, d] * price[d]
    return left


@njit
def dual(
    value: Numbers, cost: Numbers, own: Numbers, price: Numbers, k: int
) -> tuple[float, Numbers, Numbers]:  # fmt: skip
    """What everybody's best bring above cost, how often each action is among them, and what they take of ``own``."""
    total = 0.0
    counts = np.zeros(value.shape[1])
    taken = np.zeros(price.shape[0])
    places = np.empty(k, np.int64)
    worth = np.empty(k)
    for i in range(value.shape[0]):
        found = 0
        for j in range(value.shape[1]):
            left = _reduced(value, cost, own, price, i, j)
            if left <= 0.0 or (found == k and left <= worth[k - 1]):
                continue
            at = found if found < k else k - 1
            while at > 0 and worth[at - 1] < left:
                worth[at] = worth[at - 1]
                places[at] = places[at - 1]
                at -= 1
            worth[at] = left
            places[at] = j
            if found < k:
                found += 1
        for at in range(found):
            total += worth[at]
            counts[places[at]] += 1.0
            for d in range(price.shape[0]):
                taken[d] += own[i, places[at], d]
    return total, counts, taken


@njit
def dual_of_one(value: Numbers, cost: Numbers) -> tuple[float, Numbers]:
    """:func:`dual` of one action each whose cost is the same for everybody: the plain case, four times as quick."""
    total = 0.0
    counts = np.zeros(value.shape[1])
    for i in range(value.shape[0]):
        highest = 0.0
        place = -1
        for j in range(value.shape[1]):
            left = value[i, j] - cost[j]
            if left > highest:
                highest = left
                place = j
        if place >= 0:
            total += highest
            counts[place] += 1.0
    return total, counts


@njit
def screen_of_one(value: Numbers, least: Numbers, most: Numbers) -> tuple[Numbers, Numbers]:
    """:func:`screen` of the plain case."""
    active = np.zeros(value.shape[0], np.bool_)
    counts = np.zeros(value.shape[1])
    for i in range(value.shape[0]):
        highest = 0.0
        second = 0.0
        place = -1
        for j in range(value.shape[1]):
            left = value[i, j] - least[j]
            if left > highest:
                second = highest
                highest = left
                place = j
            elif left > second:
                second = left
        if place >= 0:
            if value[i, place] - most[place] > second:
                counts[place] += 1.0
            else:
                active[i] = True
    return active, counts


@njit
def screen(
    value: Numbers, least: Numbers, most: Numbers, own: Numbers, low: Numbers, high: Numbers, k: int
) -> tuple[Numbers, Numbers, Numbers]:
    """Whose best may change while prices move between two bounds, and what those take whose best cannot.

    ``least`` and ``most`` are what each action costs at the lower and at the upper prices. Nothing changes for a
    customer whose k best at the upper prices (and above zero) are better than all others at the lower, or who wants
    nothing at the lower.
    """
    rows, actions = value.shape
    active = np.zeros(rows, np.bool_)
    counts = np.zeros(actions)
    taken = np.zeros(low.shape[0])
    at_low = np.empty(actions)
    is_sure = np.empty(actions, np.bool_)
    worth = np.empty(k + 1)  # the highest at the lower prices
    places = np.empty(k + 1, np.int64)
    for i in range(rows):
        worth[:] = -np.inf
        places[:] = -1
        for j in range(actions):
            left = _reduced(value, least, own, low, i, j)
            at_low[j] = left
            if left <= worth[k]:
                continue
            at = k
            while at > 0 and worth[at - 1] < left:
                worth[at] = worth[at - 1]
                places[at] = places[at - 1]
                at -= 1
            worth[at] = left
            places[at] = j
        if worth[0] <= 0.0:
            continue
        sure = 0
        is_sure[:] = False
        for at in range(k):  # whoever is not among the k highest at the lower prices cannot be sure
            j = places[at]
            if j < 0:
                continue
            at_high = _reduced(value, most, own, high, i, j)
            better = 0  # actions that may come before this one
            for other in range(k + 1):
                if other != at and worth[other] >= at_high:
                    better += 1
            is_sure[j] = at_high > 0.0 and better < k
            sure += is_sure[j]
        is_open = sure > k
        if sure < k:
            for j in range(actions):
                if not is_sure[j] and at_low[j] > 0.0:
                    is_open = True
        if is_open:
            active[i] = True
            continue
        for j in range(actions):
            if is_sure[j]:
                counts[j] += 1.0
                for d in range(low.shape[0]):
                    taken[d] += own[i, j, d]
    return active, counts, taken


@njit
def best(
    value: Numbers, cost: Numbers, own: Numbers, price: Numbers, k: int
) -> tuple[Numbers, Numbers, Numbers, Numbers]:  # fmt: skip
    """Everybody's best (-1: none), how little more would change it, and what all of it takes."""
    rows, actions = value.shape
    chosen = np.full((rows, k), -1, np.int32)
    margins = np.empty(rows)
    counts = np.zeros(actions)
    taken = np.zeros(price.shape[0])
    worth = np.empty(k + 1)
    places = np.empty(k + 1, np.int64)
    for i in range(rows):
        found = 0
        nearest = np.inf
        for j in range(actions):
            left = _reduced(value, cost, own, price, i, j)
            nearest = min(nearest, abs(left))
            if left <= 0.0 or (found == k + 1 and left <= worth[k]):
                continue
            at = found if found < k + 1 else k
            while at > 0 and worth[at - 1] < left:
                worth[at] = worth[at - 1]
                places[at] = places[at - 1]
                at -= 1
            worth[at] = left
            places[at] = j
            if found < k + 1:
                found += 1
        margin = np.inf
        if found > k:
            margin = worth[k - 1] - worth[k]
        elif found > 0:
            margin = worth[found - 1]
        if found < k:
            margin = min(margin, nearest)
        margins[i] = margin
        for at in range(min(found, k)):
            chosen[i, at] = places[at]
            counts[places[at]] += 1.0
            for d in range(price.shape[0]):
                taken[d] += own[i, places[at], d]
    return chosen, margins, counts, taken


@njit
def best_pair(gain: Numbers, more: Numbers, owner: Numbers, left: Numbers) -> tuple[int, int]:
    """The two exchanges of different customers that bring most together and fit into what is left; -1: none do.

    ``gain`` is float64[n], in falling order; ``more`` float64[n, r]: what each takes more than it gives back.
    """
    top = 1e-9
    first = second = -1
    count, resources = more.shape
    for a in range(count):
        if gain[a] + gain[0] <= top:
            break
        for b in range(count):
            if gain[a] + gain[b] <= top:
                break
            if owner[a] == owner[b]:
                continue
            fits = True
            for r in range(resources):
                if more[a, r] + more[b, r] > left[r]:
                    fits = False
                    break
            if fits:
                top = gain[a] + gain[b]
                first, second = a, b
                break
    return first, second


@njit
def value(value: Numbers, chosen: Numbers) -> float:
    """What a plan brings."""
    total = 0.0
    for i in range(chosen.shape[0]):
        for at in range(chosen.shape[1]):
            if chosen[i, at] >= 0:
                total += value[i, chosen[i, at]]
    return total
