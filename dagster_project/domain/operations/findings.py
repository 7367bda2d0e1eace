"""What ``hoiva verify`` can find wrong with a home: each kind with its meaning, its weight and its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# danger: a customer was or may be treated wrongly. damage: something is lost or cannot be read. notice: left-overs.
Severity = Literal["danger", "damage", "notice"]
ORDER: tuple[Severity, ...] = ("danger", "damage", "notice")


@dataclass(frozen=True)
class Kind:
    """One thing that can be wrong.

    Attributes:
        meaning: what it means for customers or for the people who work here.
        remedy: what a person does; with ``is_repairable``, ``hoiva verify --repair`` does it.
    """

    severity: Severity
    meaning: str
    remedy: str
    is_repairable: bool = False


@dataclass(frozen=True)
class Finding:
    """One place where one thing is wrong. ``place`` names files, batches, days and tables, never a customer's data."""

    kind: str
    place: str
    count: int = 1

    @property
    def about(self) -> Kind:
        """What its kind means."""
        return KINDS[self.kind]


_RESTORE = "restore the file from a backup (docs/runbooks/restore.md)"
_RUN = "run `hoiva run`: it publishes anew what differs"
_STOP = "stop the exports (docs/runbooks/wrong_send.md) and find out how it happened before the next run"

KINDS: dict[str, Kind] = {
    # The ledger by itself
    "ledger_damaged": Kind("damage", "the ledger's file is damaged: what was decided is in doubt",
                           "restore the newest backup (docs/runbooks/restore.md)"),
    "contact_doubled": Kind("danger", "a customer was contacted twice for one step of a care model", _STOP),
    "contact_without_consent": Kind("danger", "a contact in a batch cites no consent", _STOP),
    "consent_unknown": Kind("danger", "a contact in a batch cites a consent that nobody knows any more",
                            "look for a delivery that went missing (lake_*), or a contract that changed; run again"),
    "holdout_contacted": Kind("danger", "a customer of the holdout was claimed after being drawn into it", _STOP),
    "capacity_miscounted": Kind("damage", "a channel's counter differs from the contacts it counts",
                                "--repair counts the contacts again", True),
    "capacity_exceeded": Kind("danger", "more contacts are reserved on a day than its channel can make", _STOP),
    "contact_and_batch_disagree": Kind("damage", "a contact's status does not go with the state of its batch",
                                       "restore the newest backup, or ask for help with the ledger's two tables"),
    # Batches: the ledger beside the outbox
    "batch_half_done": Kind("notice", "an export was broken off: a batch waits to be finished or taken back",
                            "the next export finishes it; --repair does it now", True),
    "batch_damaged": Kind("damage", "a batch in the outbox is not what its manifest says: a receiver must refuse it",
                          _RESTORE),
    "batch_altered": Kind("damage", "a batch's manifest is not the one the ledger published", _RESTORE),
    "batch_unknown": Kind("danger", "the outbox holds a batch the ledger does not know: its contacts could be sent "
                                    "again", "an older ledger was put in place: `hoiva settle` takes the batch in"),
    "batch_missing": Kind("notice", "an unanswered batch is no longer in the outbox: its receiver took it, or it is "
                                    "lost", "ask the receiver, then see docs/runbooks/failed_export.md"),
    "batch_number_gap": Kind("damage", "the numbers of a destination's batches are not 1, 2, 3 ...",
                             "restore the newest backup; a receiver that counts refuses what follows"),
    "batch_chain_broken": Kind("damage", "a manifest does not name the one before it: a receiver that checks stops",
                               _RESTORE),
    "batch_rows_disagree": Kind("damage", "the rows of a batch are not those the ledger put into it", _RESTORE),
    "consent_not_cited": Kind("danger", "a row in a batch does not cite the consent that the ledger knows for it",
                              _STOP),
    # Memberships
    "membership_differs": Kind("damage", "where a customer stands at a destination is not what its batches add up to",
                               "restore the newest backup, or send the destination a full audience"),
    "sent_row_missing": Kind("danger", "the row a customer was added with is lost: she cannot be let go of",
                             "restore vault/sent from a backup"),
    # The lake
    "lake_file_missing": Kind("damage", "a delivery that counts has no file in the lake",
                              "restore it, or land the archived bytes again after restoring the ledger"),
    "lake_file_unreadable": Kind("damage", "a file of the lake cannot be read", _RESTORE),
    "lake_rows_differ": Kind("damage", "a file of the lake holds another number of rows than were loaded", _RESTORE),
    "quarantine_differs": Kind("damage", "the quarantine holds another number of records than were set aside",
                               _RESTORE),
    "archive_differs": Kind("damage", "the delivered bytes are not in the archive as they came", _RESTORE),
    "lake_file_unknown": Kind("notice", "the lake holds a file of a delivery the ledger does not know; nobody reads it",
                              "a landing was broken off: land the file again"),
    # What is published
    "published_damaged": Kind("damage", "a published table or page is not what its manifest says", _RUN),
    "published_vault_missing": Kind("damage", "the contact points published for exports are missing or damaged", _RUN),
    # Folders
    "open_to_others": Kind("danger", "a place with personal data can be read by other accounts of this machine",
                           "--repair takes their rights away", True),
    "left_over": Kind("notice", "files of a step that was broken off lie about; nobody reads them",
                      "every run removes them; --repair does it now", True),
    "answer_set_aside": Kind("notice", "a receiver's answer could not be used",
                             "read the .reason beside it, and see docs/runbooks/failed_export.md"),
}  # fmt: skip


def by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, the worst first.

    >>> [one.kind for one in by_weight([Finding("left_over", "a"), Finding("contact_doubled", "b")])]
    ['contact_doubled', 'left_over']
    """
    return sorted(findings, key=lambda one: (ORDER.index(one.about.severity), one.kind, one.place))
