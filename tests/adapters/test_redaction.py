"""Messages of engines quote values; what we log does not."""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.adapters.redaction import LONGEST_MESSAGE, redact

PLANTED = ["aino.virtanen@example.com", "+358 40 123 4567", "0401234567", "Aino Virtanen"]


@pytest.mark.parametrize("value", PLANTED)
def test_the_engines_own_message_loses_the_value(value: str) -> None:
    with pytest.raises(duckdb.ConversionException) as failed:
        duckdb.execute(f"select cast('{value}' as date)").fetchall()
    message = str(failed.value)
    assert value in message, "negative control: the engine does quote the value"
    assert value not in redact(message)
    assert "date field value out of range" in redact(message) or "invalid date" in redact(message)


def test_a_whole_row_is_cut() -> None:
    assert len(redact("x " * 5000)) == LONGEST_MESSAGE
