"""Forms of text in files: names, lines, languages and spans of time, each with a sentence for whoever slips."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from dagster_project.domain.care_models.duration import PATTERN


def _written_as(pattern: str, sentence: str) -> AfterValidator:
    """A text has this form; whoever writes another one reads the sentence."""

    def check(text: str) -> str:
        if not re.search(pattern, text) or text.endswith("\n"):
            raise ValueError(sentence)
        return text

    return AfterValidator(check)


def _shown_as(pattern: str) -> Any:
    """The form of a text for editors."""
    return Field(json_schema_extra={"pattern": pattern})


NAME, LINE, LANGUAGE = r"^[a-z][a-z0-9_]{1,62}$", r"^\S.{1,148}\S$", r"^[a-z]{2}$"
Name = Annotated[
    str, _written_as(NAME, "is a name of small letters, digits and _, as birthday_letter"), _shown_as(NAME)
]
Line = Annotated[str, _written_as(LINE, "is one line of 3 to 150 characters"), _shown_as(LINE)]
Language = Annotated[str, _written_as(LANGUAGE, "is a language of two letters, as en or fi"), _shown_as(LANGUAGE)]
DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
MOMENT = DAY[:-1] + r" ([01][0-9]|2[0-3]):[0-5][0-9]$"
Day = Annotated[str, _written_as(DAY, "is a day, as 2026-03-31"), _shown_as(DAY)]
Moment = Annotated[str, _written_as(MOMENT, "is a moment of the business zone, as 2026-03-31 14:00"), _shown_as(MOMENT)]
Span = Annotated[str, _written_as(PATTERN, "is a whole number with h, d or w: 12h, 7d, 2w"), _shown_as(PATTERN)]
