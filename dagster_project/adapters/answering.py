"""Takes a person's answers about source records: checked against what is known, landed like any delivery.

An answer is a fact that became known, so the lake keeps it, a run for an earlier moment does not see it, and a rebuild
comes to the same customers.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Sequence
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


def land_answers(
    settings: Settings, answers: Sequence[Answer], known_at: datetime, certain: Collection[str] = ()
) -> dict[str, Any]:
    """Land answers, and say what each will do from the next run on.

    Args:
        settings: whose home.
        answers: what was said.
        known_at: when we came to know it: from this moment on it counts.
        certain: the rules that no answer overrules.

    Returns:
        ``delivery``: what became of the file; ``answers``: per answer both records, ``answer``, their customers today
        (``customer_id_a``, ``customer_id_b``) and ``outcome``: what the next run makes of it, in words.

    Raises:
        HoivaError: a record is not known, or both are browsers (nothing is landed), or the gate refuses the file.
        NotPublished: nothing has been published yet, so that no record can be told from a slip.
    """
    from dagster_project.adapters.landing import land_all

    with reader(settings) as published:
        told = foreseen(published, answers, certain)
    rows = "".join(json.dumps(row_of(answer), sort_keys=True) + "\n" for answer in answers)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{TABLE}.jsonl"
        file.write_text(rows, encoding="utf-8")
        delivery = land_all(settings, SOURCE, [file], TABLE, known_at, history=False)[0]
    if delivery["status"] not in ("loaded", "repeated"):
        raise HoivaError(f"the answers were not taken in: {delivery['message']}")
    return {"delivery": delivery, "answers": told}


def foreseen(published: Reader, answers: Sequence[Answer], certain: Collection[str] = ()) -> list[dict[str, Any]]:
    """What each answer will do, as far as the published tables can tell.

    Raises:
        HoivaError: a record is not among them, or both are browsers.
    """
    for answer in answers:
        if all(record.split(":")[1:2] == ["cookie"] for record in answer.pair):
            raise HoivaError("both are browsers: tell of a browser and the record of a person whose it is, or is not")
    customers = customers_of(published, {record for answer in answers for record in answer.pair})
    pairs = [answer.pair for answer in answers]
    apart = pairs_where(published, pairs, "reason = $word", [TWO_CUSTOMER_NUMBERS])
    by_number = pairs_where(published, pairs, "reason is null and rule = $word", certain)
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
                "outcome": outcome(
                    answer.is_same,
                    customers[one] == customers[other],
                    stands_against=answer.pair in (apart if answer.is_same else by_number),
                ),
            }
        )
    return told


def outcome(is_same: bool, are_one: bool, stands_against: bool) -> str:
    """What the next run makes of an answer.

    Args:
        is_same: what was said.
        are_one: whether both are one customer today.
        stands_against: the company's own customer numbers say the contrary of these very two.

    >>> outcome(is_same=False, are_one=True, stands_against=False)
    'one customer today; two from the next run on'
    """
    if is_same and stands_against:
        return "stay two: their systems give two customer numbers, which an answer does not overrule"
    if stands_against:
        return "stay one: their systems give one customer number, which an answer does not overrule"
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


def pairs_where(
    published: Reader, pairs: Sequence[tuple[str, str]], condition: str, words: Collection[str]
) -> set[tuple[str, str]]:
    """Those of the pairs that have a match of which the condition is true for one of the words."""
    found: set[tuple[str, str]] = set()
    if published.has("identity/matches"):
        for word in words:
            rows = published.rows(
                "select distinct source_record_id_a as a, source_record_id_b as b from identity.matches"
                f" where {condition} and source_record_id_a in (select unnest($ids))",
                word=word, ids=[pair[0] for pair in pairs],
            )  # fmt: skip
            found |= {(row["a"], row["b"]) for row in rows}
    return found & set(pairs)
