"""Source records and their values as dense integers, which is what a million of them can be matched by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from dagster_project.domain.identity.alike import Name

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

NONE = -1  # the code of a value that is not there


@dataclass(frozen=True)
class Coded:
    """A column of the versions: for each version the position of its value among the distinct ones, or NONE."""

    codes: np.ndarray
    values: list[Any]


@dataclass(frozen=True)
class Nodes:
    """The records in order of seniority, and what their versions say.

    Attributes:
        ids: source_record_id by position; the eldest first, browsers last.
        is_cookie: by position.
        first_known_at: by position, microseconds.
        owner: for each version the position of its record.
        known_at: for each version when it was known, microseconds.
        columns: attribute -> its coded values.
        newest: for each record the row of its newest version, or NONE.
    """

    ids: pd.Series
    is_cookie: np.ndarray
    first_known_at: np.ndarray
    owner: np.ndarray
    known_at: np.ndarray
    columns: dict[str, Coded]
    newest: np.ndarray

    def value_now(self, attribute: str, node: int) -> Any:
        """What the newest version of a record says."""
        row = self.newest[node]
        coded = self.columns.get(attribute)
        if row == NONE or coded is None or coded.codes[row] == NONE:
            return None
        return coded.values[coded.codes[row]]

    def name_now(self, node: int) -> Name:
        """First and last name of a record's newest version."""
        return self.value_now("first_name", node), self.value_now("last_name", node)

    def birth_date_now(self, node: int) -> date | None:
        """Date of birth of a record's newest version."""
        born: date | None = self.value_now("birth_date", node)
        return born

    def codes_now(self, attribute: str) -> np.ndarray:
        """For each record the code of what its newest version says."""
        import numpy as np

        coded = self.columns[attribute].codes
        if len(coded) == 0:
            return np.full(len(self.newest), NONE)
        return np.where(self.newest == NONE, NONE, coded[self.newest])

    def positions_of(self, ids: Any) -> np.ndarray:
        """Positions of records by their ids; NONE for one that is not among them."""
        import pandas as pd

        found: np.ndarray = pd.Index(self.ids).get_indexer(pd.Index(ids))
        return found


def nodes_of(records: pa.Table, versions: pa.Table, attributes: tuple[str, ...]) -> Nodes:
    """Put records in order of seniority and code their values.

    Args:
        records: source_record_id (unique), is_cookie, first_known_at, first_seen_at.
        versions: source_record_id, is_newest, known_at, and the attributes; several rows a record.
        attributes: those to code.
    """
    import numpy as np
    import pandas as pd

    frame = in_order_of_seniority(records)
    ids = frame["source_record_id"]
    owner = pd.Index(ids).get_indexer(pd.Index(versions["source_record_id"].to_pandas()))
    if (owner < 0).any():
        raise ValueError("a version belongs to a source record that is not among the records")
    is_newest = versions["is_newest"].to_numpy(zero_copy_only=False).astype(bool)
    newest = np.full(len(frame), NONE, dtype=np.int64)
    newest[owner[is_newest]] = np.flatnonzero(is_newest)
    return Nodes(
        ids=ids,
        is_cookie=frame["is_cookie"].to_numpy(dtype=bool),
        first_known_at=microseconds(frame["first_known_at"]),
        owner=owner,
        known_at=microseconds(versions["known_at"].to_pandas()),
        columns={name: coded(versions[name]) for name in attributes if name in versions.column_names},
        newest=newest,
    )


def in_order_of_seniority(records: pa.Table) -> pd.DataFrame:
    """The records, eldest first.

    A record is senior that was known first, because ids hang on it: what becomes known later can then never take a
    customer's id away. Browsers come last: a cleared or shared browser must not name a customer.
    """
    order = ["is_cookie", "first_known_at", "first_seen_at", "source_record_id"]
    return records.select(order).to_pandas().sort_values(order, ignore_index=True)


def coded(column: pa.ChunkedArray) -> Coded:
    """A column as positions among its distinct values, which are in order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    order = pc.array_sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = NONE  # a null reads the last place
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Coded(rank[codes], encoded.dictionary.take(pa.array(order)).to_pylist())


def microseconds(moments: pd.Series) -> np.ndarray:
    """Moments as whole microseconds; tests may hand over plain numbers."""
    import numpy as np

    values = moments.to_numpy()
    if np.issubdtype(values.dtype, np.datetime64):
        return values.astype("datetime64[us]").astype(np.int64)
    return values.astype(np.int64)
