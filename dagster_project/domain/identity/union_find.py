"""Joining edge by edge, for the few parts of the graph that hold more than one customer number."""

from __future__ import annotations

from collections.abc import Sequence


def join_within_limit(
    nodes: Sequence[int], keys: Sequence[int], is_number: Sequence[bool]
) -> tuple[dict[int, int], list[int]]:
    """Join node and key of each edge in the given order; hold the edge that would put two numbers into one part.

    Args:
        nodes: the record of each edge.
        keys: its key; integers of their own, no node has them.
        is_number: whether the key is a customer number.

    Returns:
        each member's root (one member of its part), and the positions of the held edges.

    >>> join_within_limit([0, 1, 0, 1], [10, 11, 12, 12], [True, True, False, False])  # a phone in two customers
    ({0: 0, 10: 0, 1: 1, 11: 1, 12: 0}, [3])
    """
    parent: dict[int, int] = {}
    number: dict[int, int] = {}  # root -> the customer number of its part

    def root_of(member: int) -> int:
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    held: list[int] = []
    for position, (node, key, counts) in enumerate(zip(nodes, keys, is_number, strict=True)):
        node_root, key_root = root_of(node), root_of(key)
        if counts:
            number.setdefault(key_root, key)
        ours, theirs = number.get(node_root), number.get(key_root)
        if ours is not None and theirs is not None and ours != theirs:
            held.append(position)
            continue
        parent[key_root] = node_root
        if theirs is not None:
            number[node_root] = theirs
    return {member: root_of(member) for member in parent}, held
