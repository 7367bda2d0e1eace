"""Which source records are the same customer: records that share an exact key belong together, with limits.

The graph has records on one side and keys (a customer number, an e-mail, a phone) on the other. Connected parts are
customers, unless a part holds two customer numbers: the shop says these are two, whatever a shared phone says. Such a
part is built again edge by edge, strongest kind first, and each edge that would join two numbers is held. The answer
depends on what is known, never on the order in which it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.domain.identity.ids import record_ids
from dagster_project.domain.identity.union_find import join_within_limit

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# Strongest first: the shop's own number, a login with it, an address that is confirmed by use, a phone a family shares.
KIND_ORDER = {"customer_number": 0, "cookie_login": 1, "email": 2, "phone": 3}
NUMBER_KINDS = ("customer_number", "cookie_login")  # both hold a customer number
SHARED_LIMIT = 20  # records with one e-mail or phone; a family or duplicates stay below, none@none.fi does not

TWO_CUSTOMER_NUMBERS = "two_customer_numbers"
SEVERAL_LOGINS = "several_logins"
SHARED_BY_MANY = "shared_by_many"
HELD_COLUMNS = ["source_record_id_a", "source_record_id_b", "identifier_kind", "reason"]


@dataclass(frozen=True)
class Resolution:
    """Who is who.

    clusters: source_record_id, customer_id, record_customer_id (the id the record would have alone).
    held_matches: source_record_id_a, source_record_id_b, identifier_kind, reason; pairs that share a key and were not
        joined. No key values.
    """

    clusters: pa.Table
    held_matches: pa.Table


def resolve(records: pa.Table, identifiers: pa.Table, salt: str) -> Resolution:
    """Group source records into customers.

    Args:
        records: source_record_id (unique), is_cookie, first_seen_at.
        identifiers: source_record_id, identifier_kind (see KIND_ORDER), identifier_value, first_occurred_at; each
            combination of the first three once.
        salt: the key of customer ids.

    >>> import pyarrow as pa
    >>> records = pa.table({"source_record_id": ["crm:1", "shop:7"], "is_cookie": [False, False],
    ...                     "first_seen_at": [2, 1]})
    >>> keys = pa.table({"source_record_id": ["crm:1", "shop:7"], "identifier_kind": ["customer_number"] * 2,
    ...                  "identifier_value": ["7", "7"], "first_occurred_at": [2, 1]})
    >>> len(set(resolve(records, keys, "a salt of tests").clusters["customer_id"].to_pylist()))
    1
    """
    import pandas as pd
    import pyarrow as pa

    # Position = seniority. Cookies last: a cleared or shared browser must not name a customer.
    nodes = records.to_pandas().sort_values(["is_cookie", "first_seen_at", "source_record_id"], ignore_index=True)
    edges = _edges(identifiers, nodes)
    edges["reason"] = _refused(edges, nodes["is_cookie"])
    open_edges = edges[edges["reason"].isna()]
    eldest, held = _components(open_edges, len(nodes))
    edges.loc[held, "reason"] = TWO_CUSTOMER_NUMBERS

    own_ids = pd.Series(record_ids(nodes["source_record_id"], salt), dtype="str")
    clusters = pa.table(
        {
            "source_record_id": pa.array(nodes["source_record_id"], pa.string()),
            "customer_id": pa.array(own_ids.take(eldest.to_numpy()), pa.string()),
            "record_customer_id": pa.array(own_ids, pa.string()),
        }
    )
    return Resolution(clusters.sort_by("source_record_id"), _held_matches(edges, nodes, eldest))


def _edges(identifiers: pa.Table, nodes: pd.DataFrame) -> pd.DataFrame:
    """Record-key edges with dense integers, in the order in which they may join."""
    import pandas as pd

    edges = identifiers.to_pandas()
    edges["node"] = pd.Index(nodes["source_record_id"]).get_indexer(edges["source_record_id"])
    if (edges["node"] < 0).any():
        raise ValueError("an identifier belongs to a source record that is not among the records")
    edges["is_number"] = edges["identifier_kind"].isin(NUMBER_KINDS)
    edges["kind_order"] = edges["identifier_kind"].map(KIND_ORDER)
    space = edges["identifier_kind"].where(~edges["is_number"], "customer_number")
    edges["key"] = edges.groupby([space, edges["identifier_value"]], sort=True).ngroup()
    edges["key_seen"] = edges.groupby(["kind_order", "key"])["first_occurred_at"].transform("min")
    order = ["kind_order", "key_seen", "identifier_value", "first_occurred_at", "node"]
    return edges.sort_values(order, ignore_index=True)[
        ["node", "key", "identifier_kind", "is_number", "first_occurred_at"]
    ]


def _refused(edges: pd.DataFrame, is_cookie: pd.Series) -> pd.Series:
    """Why an edge is not even tried: null, or the rule that holds it."""
    import pandas as pd

    reason = pd.Series(None, index=edges.index, dtype="str")
    numbers_of_node = edges[edges["is_number"]].groupby("node")["key"].transform("nunique")
    many_logins = numbers_of_node[numbers_of_node > 1].index
    reason[many_logins[is_cookie.to_numpy()[edges.loc[many_logins, "node"]]]] = SEVERAL_LOGINS
    records_of_key = edges.groupby("key")["node"].transform("nunique")
    reason[(records_of_key > SHARED_LIMIT) & ~edges["is_number"]] = SHARED_BY_MANY
    return reason


def _components(edges: pd.DataFrame, count_nodes: int) -> tuple[pd.Series, list[int]]:
    """The eldest member's position for every node, and the edges held by the limit of one customer number."""
    import numpy as np
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = count_nodes + (int(edges["key"].max()) + 1 if len(edges) else 0)
    nodes, keys = edges["node"].to_numpy(), edges["key"].to_numpy() + count_nodes
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (nodes, keys)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]

    numbers = edges[edges["is_number"]]
    count_numbers = numbers.groupby(labels[numbers["node"]])["key"].nunique()
    crowded = np.isin(labels[nodes], count_numbers[count_numbers > 1].index)
    again = edges[crowded]
    parts, held = join_within_limit(
        again["node"].tolist(), (again["key"] + count_nodes).tolist(), again["is_number"].tolist()
    )
    next_label = int(labels.max(initial=0)) + 1
    for member, root in parts.items():
        labels[member] = next_label + root
    positions = pd.Series(np.arange(count_nodes))
    eldest = positions.groupby(labels[:count_nodes]).transform("min")
    return eldest, again.index[held].tolist()


def _held_matches(edges: pd.DataFrame, nodes: pd.DataFrame, eldest: pd.Series) -> pa.Table:
    """Held edges as pairs of records: the first record of the key, and the one that was not let in."""
    import pandas as pd
    import pyarrow as pa

    tried = edges[edges["reason"] != SEVERAL_LOGINS]
    first = tried.drop_duplicates("key").set_index("key")["node"]
    held = edges[edges["reason"].notna()]
    pairs = pd.DataFrame({"b": held["node"], "a": held["key"].map(first)}).dropna().astype("int64")
    apart = pairs[eldest.to_numpy()[pairs["a"]] != eldest.to_numpy()[pairs["b"]]]
    names = nodes["source_record_id"]
    table = pd.DataFrame(
        {
            "source_record_id_a": names.take(apart["a"]).to_numpy(),
            "source_record_id_b": names.take(apart["b"]).to_numpy(),
            "identifier_kind": held.loc[apart.index, "identifier_kind"].to_numpy(),
            "reason": held.loc[apart.index, "reason"].to_numpy(),
        },
        dtype="str",
    )
    table = table.sort_values(HELD_COLUMNS).drop_duplicates(HELD_COLUMNS[:3], ignore_index=True)
    return pa.table({name: pa.array(table[name], pa.string()) for name in HELD_COLUMNS})
