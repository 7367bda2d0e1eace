"""Which files came, and which of them count."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, Select, case, insert, select

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.tables import deliveries
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.errors import HoivaError

_COLUMNS = [deliveries.c[field.name] for field in fields(Delivery)]


def _as_delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._mapping)


class Deliveries(Connected):
    """The register of delivered files: one row each time a file was handed to the gate."""

    def record_delivery(self, delivery: Delivery) -> None:
        """Write down what became of a file. A file counts from the moment its ``loaded`` row is here.

        Raises:
            HoivaError: the same bytes are already loaded into that table, by this process or another; nothing is
                written. Record it as ``repeated`` then.
        """
        with self.writing() as connection:
            if delivery.status == "loaded":
                same = select(deliveries.c.delivery_id).where(
                    deliveries.c.source == delivery.source,
                    deliveries.c.table_name == delivery.table_name,
                    deliveries.c.file_id == delivery.file_id,
                    deliveries.c.status == "loaded",
                )
                if connection.execute(same).first() is not None:
                    raise HoivaError(
                        f"the same bytes are already loaded into {delivery.table_name}: record them as repeated"
                    )
            connection.execute(insert(deliveries).values(**asdict(delivery)))

    def accepted_files(self, source: str | None = None) -> list[Delivery]:
        """The files whose rows count, in the order they were loaded."""
        return self._read(select(*_COLUMNS).where(deliveries.c.status == "loaded"), source)

    def deliveries(self, source: str | None = None) -> list[Delivery]:
        """Everything that was handed over, refused and repeated files too, in order."""
        return self._read(select(*_COLUMNS), source)

    def delivery_by_file(self, source: str, file_id: str, table_name: str | None = None) -> Delivery | None:
        """What became of these bytes: the loaded delivery when there is one, else the newest; None when new."""
        query = select(*_COLUMNS).where(deliveries.c.source == source, deliveries.c.file_id == file_id)
        if table_name is not None:
            query = query.where(deliveries.c.table_name == table_name)
        loaded_first = case((deliveries.c.status == "loaded", 0), else_=1)
        with self.reading() as connection:
            row = connection.execute(query.order_by(loaded_first, deliveries.c.delivery_id.desc())).first()
        return None if row is None else _as_delivery(row)

    def _read(self, query: Select[Any], source: str | None) -> list[Delivery]:
        if source is not None:
            query = query.where(deliveries.c.source == source)
        with self.reading() as connection:
            return [_as_delivery(row) for row in connection.execute(query.order_by(deliveries.c.delivery_id))]
