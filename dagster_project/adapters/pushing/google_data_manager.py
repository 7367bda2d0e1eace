"""Google's Data Manager API: members of an audience are added and removed.

By its reference (v1, 2026): ``audienceMembers:ingest`` and ``:remove`` take 10,000 members a request and 10 identifiers
a member, give back a request id, and work later; ``requestStatus:retrieve`` says how far. There is no request id of the
caller's. A request with a wrong member is refused as a whole and names it by its place: it is sent again without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.pushing.http import NotApplied, ask
from dagster_project.adapters.pushing.push import Outcome
from dagster_project.domain.exports.pages import Operation, Page
from dagster_project.domain.exports.transport import ToDataManager

if TYPE_CHECKING:
    import httpx

MEMBERS_A_REQUEST = 10_000
MOST_CORRECTIONS = 20  # of one page: each sends it again without the members found wrong
PLACE = re.compile(r"audience_?members\[(\d+)\]", re.IGNORECASE)
FAILED, FINISHED = ("FAILURE", "FAILED"), ("SUCCESS", "PARTIAL_SUCCESS")


class DataManager:
    """One audience."""

    page_sizes: Mapping[Operation, int] = dict.fromkeys(("remove", "add", "contacts"), MEMBERS_A_REQUEST)

    def __init__(self, to: ToDataManager, client: httpx.Client, token: Callable[[], str]) -> None:
        self._to = to
        self._client = client
        self._token = token

    def send(self, page: Page) -> Outcome:
        """Add or remove the members of a page; those the API calls wrong are refused, the others sent without them."""
        refused: dict[str, str] = {}
        for _ in range(MOST_CORRECTIONS):
            rest = page.without(refused)
            if not rest.keys:
                return Outcome(refused)
            method = "remove" if page.operation == "remove" else "ingest"
            url = f"{self._to.endpoint}/audienceMembers:{method}"
            answer = ask(self._client, "POST", url, (400,), json=self.body(rest), headers=self._headers())
            if answer.status_code == 200:
                return Outcome(refused, answer.json()["requestId"], is_processing=True)
            wrong = wrong_members(answer.json())
            found = {rest.keys[place]: reason for place, reason in wrong.items() if place < len(rest.keys)}
            if not found:
                break
            refused |= found
        raise NotApplied("refused_by_platform")

    def look(self, page: Page, remote_id: str) -> Outcome:
        """How far a request is. One that failed as a whole refuses its rows; of some, Google tells counts alone."""
        url = f"{self._to.endpoint}/requestStatus:retrieve"
        answer = ask(self._client, "GET", url, params={"requestId": remote_id}, headers=self._headers())
        states = {one.get("requestStatus") for one in answer.json().get("requestStatusPerDestination", [])}
        if states & set(FAILED):
            return Outcome(dict.fromkeys(page.keys, "temporary_failure"), remote_id)
        return Outcome(remote_id=remote_id, is_processing=not states or not states <= set(FINISHED))

    def body(self, page: Page) -> dict[str, Any]:
        """A request. Everybody in an add has consented: the batch says by which consent, line by line."""
        account = {"accountType": "GOOGLE_ADS", "accountId": self._to.account_id}
        destination: dict[str, Any] = {"operatingAccount": account, "productDestinationId": self._to.user_list_id}
        if self._to.login_account_id:
            destination["loginAccount"] = {"accountType": "GOOGLE_ADS", "accountId": self._to.login_account_id}
        body: dict[str, Any] = {
            "destinations": [destination],
            "audienceMembers": list(page.rows),  # as the batch's file has them
            "encoding": "HEX",
        }
        if page.operation != "remove":
            body["consent"] = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
            body["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
        return body

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token()}"}

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def wrong_members(answer: Mapping[str, Any]) -> dict[int, str]:
    """The places of the members an error names, with a code of ours.

    >>> violation = {"field": "audience_members[3].user_data.user_identifiers[0]", "reason": "INVALID_SHA256_FORMAT"}
    >>> wrong_members({"error": {"details": [{"fieldViolations": [violation]}]}})
    {3: 'invalid_sha256_format'}
    """
    wrong: dict[int, str] = {}
    for detail in answer.get("error", {}).get("details", []):
        for violation in detail.get("fieldViolations", []):
            place = PLACE.search(str(violation.get("field", "")))
            reason = str(violation.get("reason", "")).lower()
            if place:
                wrong[int(place.group(1))] = reason if re.fullmatch("[a-z][a-z0-9_]{2,60}", reason) else "invalid"
    return wrong
