"""Takes a person's answers about source records: checked against what is known, landed like any delivery.

An answer is a fact that became known, so the lake keeps it, a run for an earlier moment does not see it, and a rebuild
comes to the same customers.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.reading import Reader, reader
from dagster_project.domain.identity.answers import DIFFERENT, SAME, Answer, row_of
from dagster_project.domain.identity.rules import TWO_CUSTOMER_NUMBERS
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.settings import Settings

SOURCE, TABLE = "standard", "match_answers"


def land_answers(settings: Settings, answers: Sequence[Answer], known_at: datetime) -> dict[str, Any]:
    """Land answers, and say what each will do from the next run on.

    Args:
        settings: whose home.
        answers: what was said.
        known_at: when we came to know it: from this moment on it counts.

    Returns:
        ``delivery``: what became of the file; ``answers``: per answer both records, ``answer``, their customers today
        (``customer_id_a``, ``customer_id_b``) and ``outcome``: what the next run makes of it, in words.

    Raises:
        HoivaError: a record is not known (nothing is landed), or the gate refuses the file.
        NotPublished: nothing has been published yet, so that no record can be told from a slip.
    """
    from dagster_project.adapters.landing import land_all

    with reader(settings) as published:
        told = foreseen(published, answers)
    rows = "".join(json.dumps(row_of(answer), sort_keys=True) + "\n" for answer in answers)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{TABLE}.jsonl"
        file.write_text(rows, encoding="utf-8")
        delivery = land_all(settings, SOURCE, [file], TABLE, known_at, history=False)[0]
    if delivery["status"] not in ("loaded", "repeated"):
        raise HoivaError(f"the answers were not taken in: {delivery['message']}")
    return {"delivery": delivery, "answers": told}


def foreseen(published: Reader, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """What each answer will do, as far as the published tables can tell.

    Raises:
        HoivaError: a record is not among them.
    """
    customers = customers_of(published, {record for answer in answers for record in answer.pair})
    held = numbers_apart(published, [answer.pair for answer in answers])
    told = []
    for answer in answers:
        one, other = answer.pair
        told.append(
            {
                "source_record_id_a": one,
                "source_record_id_b": other,
                "answer": SAME if answer.is_same else DIFFERENT,
                "customer_id_a": customers[one],
                "customer_id_b": customers[other],
                "outcome": outcome(answer.is_same, customers[one] == customers[other], answer.pair in held),
            }
        )
    return told


def outcome(is_same: bool, are_one: bool, have_two_numbers: bool) -> str:
    """What the next run makes of an answer.

    >>> outcome(is_same=False, are_one=True, have_two_numbers=False)
    'one customer today; two from the next run on'
    """
    if is_same and have_two_numbers:
        return "stay two: their systems give two customer numbers, which an answer does not overrule"
    if is_same:
        return "stay one" if are_one else "two customers today; one from the next run on"
    return "one customer today; two from the next run on" if are_one else "stay two"


def customers_of(published: Reader, records: Iterable[str]) -> dict[str, str]:
    """Record -> its customer (or visitor) as published.

    Raises:
        HoivaError: one of the records is not known.
    """
    asked = sorted(set(records))
    rows = published.rows(
        "select source_record_id, customer_id from identity.clusters where source_record_id in (select unnest($ids))",
        ids=asked,
    )
    found = {row["source_record_id"]: row["customer_id"] for row in rows}
    unknown = [record for record in asked if record not in found]
    if unknown:
        raise HoivaError(
            f"no source record is called {unknown[0]!r}; write it as `hoiva identity review` does: hubspot:contact:1"
        )
    return found


def numbers_apart(published: Reader, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the pairs that were held because of two customer numbers."""
    if not published.has("identity/matches"):
        return set()
    rows = published.rows(
        "select distinct source_record_id_a as a, source_record_id_b as b from identity.matches"
        " where reason = $reason and source_record_id_a in (select unnest($ids))",
        reason=TWO_CUSTOMER_NUMBERS, ids=[pair[0] for pair in pairs],
    )  # fmt: skip
    return {(row["a"], row["b"]) for row in rows} & set(pairs)
