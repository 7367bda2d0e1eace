"""Whether anything has changed since somebody looked: to look again at a million customers would find the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.export_tables import revisions
from dagster_project.adapters.ledger.tables import consents
from dagster_project.adapters.ledger.watching import PERMISSIONS


class Revisions(Connected):
    """Tells whether to look again."""

    def permissions_revision(self) -> str:
        """A word that is another one whenever who may be contacted has changed, but for consents that end by time.

        It is drawn by chance, so that no two states of a ledger, restored or not, have the same.
        """
        with self.reading() as connection:
            return connection.execute(select(revisions.c.token).where(revisions.c.name == PERMISSIONS)).scalar() or ""

    def has_ended_consent(self, purpose: str, channel: str, after: datetime, until: datetime) -> bool:
        """Whether a consent ended by time after one moment, and until or at another."""
        ended = (consents.c.expires_at > after, consents.c.expires_at <= until)
        here = (consents.c.purpose == purpose, consents.c.channel == channel)
        with self.reading() as connection:
            return connection.execute(select(consents.c.customer_id).where(*ended, *here).limit(1)).first() is not None
