"""Connected parts of a graph on dense integers, in time that grows with its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def components(a: np.ndarray, b: np.ndarray, count_nodes: int) -> np.ndarray:
    """For each node a label of its connected part; what is joined by a chain of edges has one label.

    Args:
        a: one end of each edge.
        b: the other end.
        count_nodes: nodes are 0 .. count_nodes - 1.

    >>> import numpy as np
    >>> components(np.array([0, 3]), np.array([1, 1]), 5).tolist()
    [0, 0, 1, 0, 2]
    """
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = (a.astype(np.int32), b.astype(np.int32))  # what scipy works in; others it copies first
    graph = coo_array((np.ones(len(a)), ends), shape=(count_nodes, count_nodes))
    labels: np.ndarray = connected_components(graph, directed=False)[1]
    return labels
