"""Loops over all candidates of a problem that may be a matrix, compiled by numba when this module is first imported.

``start``, ``resource`` and ``amount`` are a problem's uses; ``counts`` bool[r] says which resources are looked at.
"""

from __future__ import annotations

import numpy as np
from numba import njit

Numbers = np.ndarray
PRIME, BASIS = np.uint64(1_099_511_628_211), np.uint64(14_695_981_039_346_656_037)  # FNV-1a's


@njit
def row_keys(start: Numbers, resource: Numbers, amount: Numbers, counts: Numbers) -> Numbers:
    """uint64[n]: equal for candidates that take the same of the same; hardly ever for others."""
    keys = np.empty(len(start) - 1, np.uint64)
    for i in range(len(start) - 1):
        key = BASIS
        for at in range(start[i], start[i + 1]):
            if counts[resource[at]]:
                key = (key ^ np.uint64(resource[at])) * PRIME
                key = (key ^ np.uint64(amount[at])) * PRIME
        keys[i] = key
    return keys


@njit
def first_of_each(kind: Numbers, kinds: int) -> Numbers:
    """int64[kinds]: the first candidate of each kind."""
    first = np.full(kinds, -1, np.int64)
    for i in range(len(kind)):
        if first[kind[i]] < 0:
            first[kind[i]] = i
    return first


@njit
def all_alike(
    start: Numbers, resource: Numbers, amount: Numbers, counts: Numbers, first: Numbers, kind: Numbers
) -> bool:
    """Whether every candidate takes exactly what the first of its kind takes."""
    for i in range(len(start) - 1):
        other = first[kind[i]]
        there, ends = start[other], start[other + 1]
        for at in range(start[i], start[i + 1]):
            if not counts[resource[at]]:
                continue
            while there < ends and not counts[resource[there]]:
                there += 1
            if there == ends or resource[there] != resource[at] or amount[there] != amount[at]:
                return False
            there += 1
        for rest in range(there, ends):
            if counts[resource[rest]]:
                return False
    return True


@njit
def columns_of(owner: Numbers, kind: Numbers, kinds: int) -> tuple[Numbers, Numbers]:
    """int64[n]: how many of its kind its customer has before a candidate; int64[kinds]: the most one customer has."""
    before = np.empty(len(owner), np.int64)
    met = np.zeros(kinds, np.int64)
    width = np.zeros(kinds, np.int64)
    first = 0
    for i in range(len(owner)):
        if i > 0 and owner[i] != owner[i - 1]:
            for j in range(first, i):
                met[kind[j]] = 0
            first = i
        before[i] = met[kind[i]]
        met[kind[i]] += 1
        width[kind[i]] = max(width[kind[i]], met[kind[i]])
    return before, width


@njit
def place_own(
    start: Numbers, resource: Numbers, amount: Numbers, number: Numbers, owner: Numbers, column: Numbers, own: Numbers
) -> None:
    """Write what candidates take of each customer's own resources (``number`` at least 0) into a matrix, in place."""
    for i in range(len(start) - 1):
        for at in range(start[i], start[i + 1]):
            if number[resource[at]] >= 0:
                own[owner[i], column[i], number[resource[at]]] = amount[at]
