"""The loop that looks at every byte, compiled by numba when this module is first imported.

A window of six bytes slides over the content. A table of bits refuses nearly all of them; the few others are sought
among the patterns' anchors, and only then are bytes compared. The time does not grow with the number of patterns.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BITS = 22  # of a place in the table
ANCHOR = 6  # bytes
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # multiplies windows apart from each other
TOP = np.uint64(64 - BITS)
BYTE, NEW = np.uint64(8), np.uint64(8 * (ANCHOR - 1))
LOW = np.uint64(7)
Numbers = np.ndarray


@njit(nogil=True)
def look(
    codes: Numbers,
    first: int,
    table: Numbers,
    anchors: Numbers,
    groups: Numbers,
    at: Numbers,
    starts: Numbers,
    content: Numbers,
    found: Numbers,
) -> tuple[int, int]:
    """Write down (position, pattern) of each match from byte ``first`` on, as many as ``found`` has room for.

    Args:
        codes: uint8[n], what is looked at.
        table: uint8, bits: whether an anchor has this place.
        anchors: uint64[k], sorted; ``groups`` int64[k + 1]: from which pattern to which each anchor's are.
        at: int64[p], where in each pattern its anchor begins; ``starts`` int64[p + 1]: its bytes in ``content``.
        found: int64[m, 2].

    Returns:
        how many there are, and the byte to go on from; ``n`` when all was looked at.
    """
    size = codes.shape[0]
    count = 0
    window = np.uint64(0)
    begin = max(first, 0)
    for place in range(begin, min(begin + ANCHOR - 1, size)):
        window = (window >> BYTE) | (np.uint64(codes[place]) << NEW)
    for place in range(begin + ANCHOR - 1, size):
        window = (window >> BYTE) | (np.uint64(codes[place]) << NEW)
        bit = (window * SPREAD) >> TOP
        if not (table[bit >> np.uint64(3)] >> np.uint8(bit & LOW)) & 1:
            continue
        low, high = 0, anchors.shape[0]
        while low < high:
            middle = (low + high) // 2
            if anchors[middle] < window:
                low = middle + 1
            else:
                high = middle
        if low == anchors.shape[0] or anchors[low] != window:
            continue
        if count + groups[low + 1] - groups[low] > found.shape[0]:
            return count, place - ANCHOR + 1
        for pattern in range(groups[low], groups[low + 1]):
            start = place - ANCHOR + 1 - at[pattern]
            length = starts[pattern + 1] - starts[pattern]
            if start < 0 or start + length > size:
                continue
            same = True
            for index in range(length):
                if codes[start + index] != content[starts[pattern] + index]:
                    same = False
                    break
            if same:
                found[count, 0] = start
                found[count, 1] = pattern
                count += 1
    return count, size
