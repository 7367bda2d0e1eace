"""What a page asks of the published tables, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Answer:
    """A query and what came of it.

    Attributes:
        sql: the query as it ran.
        rows: its rows.
    """

    sql: str
    rows: pd.DataFrame

    def __bool__(self) -> bool:
        return len(self.rows) > 0
