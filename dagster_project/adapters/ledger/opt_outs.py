"""Permissions taken back, as they land: they count until the consents computed from everything say the same or more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Column, String, and_, exists, insert, literal, select, update

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.consents import lift_answered
from dagster_project.adapters.ledger.frames import filled, temporary, values_of
from dagster_project.adapters.ledger.tables import suppressions
from dagster_project.adapters.ledger.types import UtcMoment
from dagster_project.adapters.ledger.watching import naming
from dagster_project.domain.decisions.suppression import OPTED_OUT

heard = temporary(
    "heard_opt_outs",
    Column("customer_id", String(64), primary_key=True),
    Column("purpose", String(128), primary_key=True),
    Column("channel", String(128), primary_key=True),
    Column("said_at", UtcMoment, nullable=False),
)
KEY = ("customer_id", "purpose", "channel")


class OptOuts(Connected):
    """Takes in a no the moment it lands."""

    def take_opt_outs(self, said: Mapping[tuple[str, str, str], datetime]) -> set[str]:
        """Stop contacts of everyone who takes a permission back, unless a consent given after it is known.

        It ends when the consents of a later run answer it: with that denial, or with a consent given since.

        Args:
            said: (customer_id under any id, purpose, channel) to the moment it was said.

        Returns:
            the customers whose no stands now.
        """
        if not said:
            return set()
        columns = {name: [key[place] for key in said] for place, name in enumerate(KEY)}
        same = and_(
            *(heard.c[name] == suppressions.c[name] for name in KEY), suppressions.c.reason == literal(OPTED_OUT)
        )
        with self.writing() as connection, filled(connection, heard, columns | {"said_at": list(said.values())}):
            said_at = select(heard.c.said_at).where(same).scalar_subquery()
            newer = exists().where(same, heard.c.said_at > suppressions.c.recorded_at)
            with naming(connection):  # nobody's permission is another one for it
                connection.execute(update(suppressions).where(newer).values(recorded_at=said_at))
            fresh = select(*(heard.c[name] for name in KEY), literal(OPTED_OUT), heard.c.said_at)
            fresh = fresh.where(~select(suppressions.c.customer_id).where(same).exists())
            with naming(connection) as named:
                said_no = insert(suppressions).from_select([*KEY, "reason", "recorded_at"], fresh)
                named.update(connection.execute(said_no.returning(suppressions.c.customer_id)).scalars())
            lift_answered(connection)
            return set(values_of(connection, select(heard.c.customer_id).join(suppressions, same)))
