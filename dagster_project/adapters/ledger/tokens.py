"""Tokens of tools that fetch their batches: only a hash is kept, and a token opens one destination."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.transfer_tables import receiver_tokens
from dagster_project.errors import HoivaError

SECRET_BYTES = 32  # of randomness: nothing to guess, so that a plain SHA-256 of it may be kept


@dataclass(frozen=True)
class ReceiverToken:
    """One token as the ledger knows it."""

    token_id: str
    destination: str
    made_at: datetime
    ended_at: datetime | None


class Tokens(Connected):
    """Who may fetch what."""

    def make_token(self, destination: str, moment: datetime) -> str:
        """A new token for a destination. It is shown this once and cannot be read again."""
        token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(SECRET_BYTES)
        row = {"token_id": token_id, "destination": destination, "token_sha256": _sha256(secret), "made_at": moment}
        with self.writing() as connection:
            connection.execute(insert(receiver_tokens), row)
        return f"{token_id}.{secret}"

    def tokens(self) -> list[ReceiverToken]:
        """Every token, by destination and time."""
        columns = [receiver_tokens.c[name] for name in ("token_id", "destination", "made_at", "ended_at")]
        query = select(*columns).order_by(receiver_tokens.c.destination, receiver_tokens.c.made_at)
        with self.reading() as connection:
            return [ReceiverToken(**row._mapping) for row in connection.execute(query)]

    def end_token(self, token_id: str, moment: datetime) -> None:
        """A token opens nothing from now on.

        Raises:
            HoivaError: there is none of that id.
        """
        mine = receiver_tokens.c.token_id == token_id
        with self.writing() as connection:
            if connection.execute(select(receiver_tokens.c.token_id).where(mine)).first() is None:
                raise HoivaError(f"there is no token {token_id}; see hoiva token list")
            ended = update(receiver_tokens).where(mine, receiver_tokens.c.ended_at.is_(None))
            connection.execute(ended.values(ended_at=moment))

    def destination_of_token(self, token: str) -> str | None:
        """The destination a token opens; None for one that is unknown or ended. Takes as long for any wrong secret."""
        token_id, _, secret = token.partition(".")
        query = select(receiver_tokens.c.destination, receiver_tokens.c.token_sha256)
        query = query.where(receiver_tokens.c.token_id == token_id, receiver_tokens.c.ended_at.is_(None))
        with self.reading() as connection:
            row = connection.execute(query).first()
        is_right = hmac.compare_digest(_sha256(secret), row.token_sha256 if row else "0" * 64)
        return str(row.destination) if row is not None and is_right else None


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
