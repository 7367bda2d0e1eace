"""What a person says of two source records, in the form in which it lands: one row of ``match_answers``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from dagster_project.domain.clock import naive_utc

SAME, DIFFERENT = "same", "different"
ID_LENGTH = 24  # hex digits: 96 bits tell any number of answers apart


@dataclass(frozen=True)
class Answer:
    """Two source records are one customer, or they never are.

    Attributes:
        source_record_id_a: one of the two, as the review queue names it.
        source_record_id_b: the other; which is which does not matter.
        is_same: whether both are one customer.
        answered_at: when it was said, with a zone. Of several answers about two records the newest counts.
    """

    source_record_id_a: str
    source_record_id_b: str
    is_same: bool
    answered_at: datetime

    @property
    def pair(self) -> tuple[str, str]:
        """Both records, the smaller id first."""
        one, other = sorted((self.source_record_id_a, self.source_record_id_b))
        return one, other

    @property
    def answer_id(self) -> str:
        """The same words said at the same moment are the same answer, however often they are delivered."""
        said = [*self.pair, SAME if self.is_same else DIFFERENT, naive_utc(self.answered_at).isoformat()]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:ID_LENGTH]


def row_of(answer: Answer) -> dict[str, str | bool]:
    """The answer as a record of the standard contract's table ``match_answers``.

    >>> from datetime import UTC
    >>> told = row_of(Answer("shop:customer:7", "hubspot:contact:1", True, datetime(2026, 3, 1, 9, 30, tzinfo=UTC)))
    >>> told["source_record_id_a"], told["is_same"], told["answered_at"]
    ('hubspot:contact:1', True, '2026-03-01T09:30:00Z')
    """
    one, other = answer.pair
    return {
        "answer_id": answer.answer_id,
        "source_record_id_a": one,
        "source_record_id_b": other,
        "is_same": answer.is_same,
        "answered_at": f"{naive_utc(answer.answered_at).isoformat()}Z",
    }


def contradictions(answers: list[Answer]) -> list[tuple[str, str]]:
    """Pairs of which the answers say both at one moment: nobody can know which one is meant.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> contradictions([Answer("a", "b", True, noon), Answer("b", "a", False, noon)])
    [('a', 'b')]
    """
    said: dict[tuple[tuple[str, str], datetime], set[bool]] = {}
    for answer in answers:
        said.setdefault((answer.pair, answer.answered_at), set()).add(answer.is_same)
    return sorted({pair for (pair, _), words in said.items() if len(words) > 1})
