"""Who shares an address with whom, for the rules that count the people of a household as one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete, select

from dagster_project.adapters.ledger.aliases import people, today_of
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.consents import asked
from dagster_project.adapters.ledger.frames import columns_of, put, rows_of
from dagster_project.adapters.ledger.marks import mark
from dagster_project.adapters.ledger.tables import households


def mates() -> Any:
    """Everybody who shares a household with a customer of ``asked``, in a column ``id``."""
    theirs = households.alias("their_households")
    today, aliases, condition = today_of(asked.c.customer_id)
    known = asked.outerjoin(aliases, condition).join(theirs, theirs.c.customer_id == today)
    of_house = known.join(households, households.c.household_id == theirs.c.household_id)
    return select(households.c.customer_id.label("id")).select_from(of_house)


def household_of(connection: Connection) -> dict[str, str]:
    """Today's customer id to the household, of everybody looked up."""
    query = select(people.c.today_id, households.c.household_id).distinct()
    joined = query.join(households, households.c.customer_id == people.c.today_id)
    return {customer_id: household_id for customer_id, household_id in rows_of(connection, joined)}


class Households(Connected):
    """Keeps who lives together."""

    def follow_households(self, table: pa.Table, at: datetime) -> int:
        """Take in today's households, as a whole.

        Args:
            table: customer_id (unique), household_id.
            at: the moment they are of. Households older than those known are ignored.

        Returns:
            how many customers share one.
        """
        with self.writing() as connection:
            if not mark(connection, "households", at):
                return 0
            connection.execute(delete(households))
            put(connection, households, columns_of(table, ["customer_id", "household_id"]))
        return table.num_rows
