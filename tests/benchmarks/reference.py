"""The stated reference: one bare DuckDB scan of every column of every lake file, nothing kept.

Speed is told as so many of these scans. Machines differ, and a machine at work differs from itself; the ratio of two
things measured beside each other in one process changes far less.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import duckdb


class BareScan:
    """Scans the lake again and again, between other things, and remembers the processor seconds of each."""

    def __init__(self, folders: list[Path], threads: int) -> None:
        self.folders = folders
        self.threads = threads
        self.seconds: list[float] = []

    def __call__(self) -> float:
        """Scan once; the processor seconds it took."""
        started = time.process_time()
        with duckdb.connect(config={"threads": self.threads}) as connection:
            for table in sorted({file.parent.parent for folder in self.folders for file in folder.rglob("*.parquet")}):
                files = sorted(str(file) for file in table.rglob("*.parquet"))
                # A hash of each column reads and decodes every value; a count would stop at the file's statistics.
                connection.execute(
                    "select bit_xor(hash(columns(*))) from read_parquet($files, union_by_name = true)", {"files": files}
                ).fetchall()
        took = time.process_time() - started
        self.seconds.append(took)
        return took

    @property
    def median(self) -> float:
        """The median of all scans so far, in processor seconds."""
        return statistics.median(self.seconds) if self.seconds else 0.0
