"""Meta's Marketing API: users of a custom audience are added (POST) and removed (DELETE).

By its reference (v25, 2026): ``/<audience_id>/users``, 10,000 users a request, each a list of digests in the order of
``schema``; a ``session`` groups the requests of one upload by a number of the caller's (``session_id``, ``batch_seq``,
``last_batch_flag``). The answer counts what was received and what was invalid, with samples.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.pushing.http import NotApplied, PerhapsApplied, ask
from dagster_project.adapters.pushing.push import Outcome
from dagster_project.domain.exports.pages import Operation, Page
from dagster_project.domain.exports.transport import ToMeta

if TYPE_CHECKING:
    import httpx

    from dagster_project.adapters.transports.secrets import Secrets

USERS_A_REQUEST = 10_000
SCHEMA = {"email": "EMAIL", "phone": "PHONE", "fn": "FN", "ln": "LN", "zip": "ZIP", "ct": "CT", "country": "COUNTRY"}
TOO_MANY = (4, 17, 32, 613, 80000, 80003, 80004)  # error codes of limits on calls
TRY_LATER = (1, 2)  # an error of theirs, perhaps after the deed


class Meta:
    """One custom audience."""

    page_sizes: Mapping[Operation, int] = dict.fromkeys(("remove", "add", "contacts"), USERS_A_REQUEST)

    def __init__(self, to: ToMeta, client: httpx.Client, secrets: Secrets) -> None:
        self._to = to
        self._client = client
        self._secrets = secrets

    def send(self, page: Page) -> Outcome:
        """Add or remove the users of a page."""
        method = "DELETE" if page.operation == "remove" else "POST"
        body = self.body(page) | {"access_token": self._secrets.need("access_token")}
        answer = ask(self._client, method, f"{self._to.endpoint}/{self._to.audience_id}/users", (400, 403), json=body)
        if answer.status_code != 200:
            raise _error(answer.json())
        said = answer.json()
        if said.get("num_received") != len(page.rows):
            raise PerhapsApplied("not_all_received")
        return Outcome(_invalid(page, said) if said.get("num_invalid_entries") else {}, str(said.get("session_id", "")))

    def look(self, page: Page, remote_id: str) -> Outcome:
        """Meta takes a page at once, as far as it tells."""
        return Outcome(remote_id=remote_id)

    def body(self, page: Page) -> dict[str, Any]:
        """A request, the same for the same page."""
        columns = [name for name in SCHEMA if page.rows and name in page.rows[0]]
        return {
            "session": {
                "session_id": session_id(page.batch_id, page.operation),
                "batch_seq": page.place,
                "last_batch_flag": page.is_last,
            },
            "payload": {
                "schema": [SCHEMA[name] for name in columns],
                "data": [[row[name] or "" for name in columns] for row in page.rows],
            },
        }

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def session_id(batch_id: str, operation: Operation) -> int:
    """The number of a batch's upload: the same whenever it is sent again.

    >>> session_id("f" * 32, "add") < 2**63, session_id("f" * 32, "add") == session_id("f" * 32, "remove")
    (True, False)
    """
    return int(batch_id[:15], 16) * 2 + (operation == "remove")


def _invalid(page: Page, said: Mapping[str, Any]) -> dict[str, str]:
    """The rows whose digests stand among the samples of invalid ones; of the others Meta tells only how many."""
    samples = json.dumps(said.get("invalid_entry_samples") or {})
    wrong = {}
    for row, key in zip(page.rows, page.keys, strict=True):
        if any(len(row[name] or "") >= 32 and row[name] in samples for name in ("email", "phone") if name in row):
            wrong[key] = "invalid_entry"
    return wrong


def _error(said: Mapping[str, Any]) -> Exception:
    code = said.get("error", {}).get("code")
    if code in TOO_MANY:
        return NotApplied("too_many_requests")
    if code in TRY_LATER:
        return PerhapsApplied("server_error")
    return NotApplied("not_allowed" if code in (10, 102, 190, 200, 294) else "refused_by_platform")
