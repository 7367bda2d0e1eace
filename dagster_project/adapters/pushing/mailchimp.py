"""Mailchimp's Marketing API: contacts of an audience are put in with a letter's fields and tags, or archived.

By its reference (3.0, 2026): ``POST /lists/{list_id}`` takes 500 members a request and tells of each one it refuses, by
address; ``DELETE /lists/{list_id}/members/{md5 of the address}`` archives. A call ends after 120 s; ten connections at
once are allowed, of which this uses one. A customer who unsubscribed there cannot be subscribed again by a call: that
row comes back as ``unsubscribed_there``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.pushing.http import NotApplied, ask
from dagster_project.adapters.pushing.push import Outcome
from dagster_project.domain.exports.pages import Operation, Page
from dagster_project.domain.exports.transport import ToMailchimp

if TYPE_CHECKING:
    import httpx

    from dagster_project.adapters.transports.secrets import Secrets

MEMBERS_A_REQUEST = 500
# The file's columns as merge tags of the audience, at most ten characters each; the audience must have them.
MERGE_TAGS = {
    "First Name": "FNAME",
    "Last Name": "LNAME",
    "Treatment": "TREATMENT",
    "Offer": "OFFER",
    "Subject": "SUBJECT",
    "Link": "LINK",
    "Contact ID": "CONTACTID",
}
COMPLIANCE = "compliance state"


class Mailchimp:
    """One audience."""

    page_sizes: Mapping[Operation, int] = {"remove": 1, "add": MEMBERS_A_REQUEST, "contacts": MEMBERS_A_REQUEST}

    def __init__(self, to: ToMailchimp, client: httpx.Client, secrets: Secrets) -> None:
        self._to = to
        self._client = client
        self._secrets = secrets

    def send(self, page: Page) -> Outcome:
        """Put in (or change) the members of a page with their letters, or archive one."""
        auth = ("hoiva", self._secrets.need("api_key"))
        address = f"{self._to.endpoint}/lists/{self._to.list_id}"
        if page.operation == "remove":
            hashed = hashlib.md5(page.rows[0]["Email Address"].encode(), usedforsecurity=False).hexdigest()
            ask(self._client, "DELETE", f"{address}/members/{hashed}", (404,), auth=auth)  # 404: gone already
            return Outcome()
        body = {"members": [member(row) for row in page.rows], "update_existing": True, "sync_tags": False}
        answer = ask(self._client, "POST", address, params={"skip_merge_validation": "true"}, json=body, auth=auth)
        errors = answer.json().get("errors", [])
        keys = {row["Email Address"]: key for row, key in zip(page.rows, page.keys, strict=True)}
        refused = {}
        for error in errors:
            key = keys.get(str(error.get("email_address", "")).lower())
            if key is None:
                raise NotApplied("answer_not_understood")
            is_left = COMPLIANCE in str(error.get("error", "")).lower()
            refused[key] = "unsubscribed_there" if is_left else "refused_by_platform"
        return Outcome(refused)

    def look(self, page: Page, remote_id: str) -> Outcome:
        """Mailchimp has done a page when it answers."""
        return Outcome(remote_id=remote_id)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def member(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of the file as the API wants it.

    >>> member({"Email Address": "aino@example.com", "Tags": "welcome,hello", "Language": "fi", "Offer": ""})["tags"]
    ['welcome', 'hello']
    """
    fields = {tag: row[column] for column, tag in MERGE_TAGS.items() if row.get(column)}
    made: dict[str, Any] = {
        "email_address": row["Email Address"],
        "status": "subscribed",
        "merge_fields": fields,
        "tags": [tag for tag in (row.get("Tags") or "").split(",") if tag],
    }
    return made | ({"language": row["Language"]} if row.get("Language") else {})
