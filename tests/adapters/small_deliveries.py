"""A supplier with two small tables, files as it would deliver them, and the gate to hand them to."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.gate import land
from dagster_project.adapters.lake import lake_file
from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.settings import Settings

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
CAFE = SourceContract.model_validate(
    {
        "source": "cafe",
        "title": "A small café",
        "owner": "team:data",
        "tables": {
            "visits": {
                "key": ["id"],
                "event_time": {"column": "came_at", "zone": "Europe/Helsinki"},
                "columns": {
                    "id": {"required": True},
                    "came_at": {"type": "timestamp", "required": True},
                    "guests": {"type": "integer"},
                    "weight": {"type": "number"},
                    "price": {"type": "decimal"},
                    "is_regular": {"type": "boolean"},
                    "born": {"type": "date", "format": "%Y%m%d", "optional": True},
                    "order": {"type": "json", "optional": True},
                    "reader": {"pseudonym": True, "optional": True},
                    "note": {},
                    "synced_at": {"type": "timestamp", "volatile": True, "optional": True},
                },
            },
            "guests": {
                "key": ["number"],
                "repeats": "counted",
                "extra_columns": "refused",
                "columns": {"number": {"required": True, "pseudonym": True}, "name": {"personal": True}},
            },
        },
    }
)
HEADER = "id,came_at,guests,weight,price,is_regular,note"
GOOD = "v1,2026-03-30 18:00:00,2,0.5,12.50,true,window seat"


@dataclass
class Gate:
    """A home, its ledger, and a folder that deliveries are written to."""

    settings: Settings
    ledger: Ledger
    folder: Path
    contract: SourceContract = CAFE

    def file(self, name: str, content: bytes | str | Sequence[str]) -> Path:
        """A delivered file: bytes, text, or lines of a CSV."""
        if not isinstance(content, bytes | str):
            content = "\n".join(content) + "\n"
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def land(
        self,
        name: str,
        content: bytes | str | Sequence[str],
        *,
        table: str | None = None,
        arrived_at: datetime | None = NOON,
        history: bool = False,
        landed_at: datetime = NOON,
        expectations: bool = False,
    ) -> Delivery:
        """Write the file and hand it to the gate."""
        return land(
            self.settings,
            self.ledger,
            self.contract,
            self.file(name, content),
            table,
            arrived_at=arrived_at,
            history=history,
            landed_at=landed_at,
            expectations=expectations,
        )

    def rows(self, delivery: Delivery) -> list[dict[str, object]]:
        """The rows of a delivery in the lake."""
        path = lake_file(
            self.settings, self.contract, delivery.table_name, delivery.arrived_at.date(), delivery.file_id
        )
        return pq.read_table(path).to_pylist() if path.exists() else []

    def misfits(self, delivery: Delivery) -> list[tuple[int, str, str]]:
        """Line, column and reason of each quarantined record."""
        home = self.settings.at_home
        path = home.quarantine / delivery.source / delivery.table_name / f"{delivery.file_id}.parquet"
        kept = pq.read_table(path).to_pylist() if path.exists() else []
        return [(row["line_number"], row["column"], row["reason_code"]) for row in kept]


def parquet(columns: Mapping[str, object]) -> bytes:
    """A Parquet file of these columns."""
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), sink)
    return sink.getvalue()


def packed(text: str | bytes) -> bytes:
    """The same, gzipped."""
    return gzip.compress(text if isinstance(text, bytes) else text.encode(), mtime=0)
