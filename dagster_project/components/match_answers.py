"""The form of a file of answers: what a person says of pairs in the review queue, many at once.

answers:
  - {a: hubspot:contact:1, b: shop:customer:7, answer: same, answered_at: 2026-03-01}
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.components.fenced import load_file
from dagster_project.domain.clock import parse_as_of
from dagster_project.domain.identity.answers import SAME, Answer, contradictions
from dagster_project.errors import HoivaError


class AnswerLine(BaseModel):
    """One answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    a: str = Field(min_length=3, description="a source record, as the review queue names it")
    b: str = Field(min_length=3, description="the other source record")
    answer: Literal["same", "different"] = Field(description="same: one customer; different: never one customer")
    answered_at: date | datetime | str = Field(
        description="the day (its end) or moment it was said; needed, so that the file can be landed again unchanged"
    )

    @model_validator(mode="after")
    def _two_records(self) -> AnswerLine:
        if self.a.strip() == self.b.strip():
            raise ValueError("a and b are the same record: name two")
        return self

    def as_answer(self, zone: ZoneInfo) -> Answer:
        """What the line means; a moment without a zone is one of the business zone."""
        moment = self.answered_at if isinstance(self.answered_at, str) else self.answered_at.isoformat()
        return Answer(self.a.strip(), self.b.strip(), self.answer == SAME, parse_as_of(moment, zone))


class AnswersFile(BaseModel):
    """A file of answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: list[AnswerLine] = Field(min_length=1)


def load_answers(file: Path, zone: ZoneInfo) -> list[Answer]:
    """The answers of a file, in its order.

    Raises:
        HoivaError: it is not there, it is wrong (with file and line), or it says both of one pair at one moment.
    """
    if not file.is_file():
        raise HoivaError(f"there is no file {file.name!r}: give the path of a file of answers")
    read = load_file(file, AnswersFile)
    if isinstance(read, list):
        raise HoivaError("\n".join(map(str, read)))
    try:
        answers = [line.as_answer(zone) for line in read[0].answers]
    except ValueError:
        raise HoivaError(f"{file.name}: write answered_at as 2026-03-31 or 2026-03-31T12:00") from None
    for one, other in contradictions(answers):
        raise HoivaError(f"{file.name}: {one} and {other} are told the same and different at one moment")
    return answers
