"""Thousands of conditions nobody should write: refused with a sentence, at once, and without a look at anything."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlglot import exp

from dagster_project.domain.conditions import ConditionError, compile_condition
from dagster_project.domain.conditions.leaves import Typed
from dagster_project.domain.conditions.tree import Writer
from tests.domain.hostile_conditions import hostile_conditions
from tests.domain.test_conditions import COLUMNS, FINE, HOSTILE

MOST_CALLS = 200_000  # of Python functions for one condition; the worst we know takes a tenth
MOST_BYTES = 20 * 2**20
WATCHED: list[str] = []
is_watching = False
DOORS = ("open", "os.", "socket.", "subprocess.", "import", "exec", "compile", "ctypes.", "shutil.", "glob.", "urllib.")


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if is_watching and event.startswith(DOORS):
        WATCHED.append(f"{event} {arguments[:1]}")


sys.addaudithook(_watch)  # stays for the process, and looks only when asked to


@contextmanager
def watched() -> Iterator[list[str]]:
    """Every door to the world that Python opens meanwhile."""
    global is_watching
    WATCHED.clear()
    is_watching = True
    try:
        yield WATCHED
    finally:
        is_watching = False


def calls_of(work: Callable[[], object]) -> int:
    """How many Python functions a piece of work calls: a measure of effort that no busy machine changes."""
    count = 0

    def counted(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def refusal_of(text: str) -> str:
    """The sentence against a condition; empty where it is let through."""
    try:
        compile_condition(text, COLUMNS)
    except ConditionError as refused:
        return str(refused)
    return ""


def let_through(texts: list[str]) -> list[str]:
    return [text for text in texts if not refusal_of(text)]


def test_there_are_many() -> None:
    assert len({*hostile_conditions(), *HOSTILE}) > 2_500


def test_every_one_is_refused_with_a_sentence() -> None:
    for text in hostile_conditions():
        sentence = refusal_of(text)
        assert sentence, text
        assert 10 < len(sentence) < 200, text[:80]
        assert "\n" not in sentence
        assert sentence.isprintable(), text[:80]
        assert "canary" not in sentence or "is not a column" in sentence or "wrong or unfinished" in sentence, sentence


def test_nothing_is_opened_imported_or_called_meanwhile() -> None:
    refusal_of("count_orders = (select 1)")  # what is imported once is imported
    with watched() as doors:
        for text in hostile_conditions():
            refusal_of(text)
    assert doors == []


def test_the_watch_sees_a_door_that_is_opened() -> None:
    with watched() as doors, open("/dev/null"):
        pass
    assert len(doors) == 1, "negative control"


def test_none_takes_more_than_a_bounded_effort() -> None:
    texts = [*hostile_conditions()[::7], *FINE]
    most = max(calls_of(lambda text=text: refusal_of(text)) for text in texts)  # type: ignore[misc]
    assert 100 < most < MOST_CALLS
    tracemalloc.start()
    for text in texts:
        refusal_of(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST_BYTES


@pytest.mark.parametrize("length", [2_001, 20_000, 2_000_000])
def test_a_text_that_is_too_long_is_refused_before_it_is_read(length: int) -> None:
    text = "is_fading and " * (length // 14 + 1)
    assert "longer than" in refusal_of(text)
    assert calls_of(lambda: refusal_of(text)) < 50, "its length costs nothing"


def test_a_checker_that_lets_functions_through_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Writer.visit

    def trusting(self: Writer, node: exp.Expr) -> Typed:
        return Typed(node.sql("duckdb"), "text") if isinstance(node, exp.Anonymous) else real(self, node)

    monkeypatch.setattr(Writer, "visit", trusting)
    passed = let_through(hostile_conditions(places=7))
    assert "value_tier = getenv('HOME')" in passed
    assert "value_tier = read_text('/tmp/canary')" in passed


def test_a_checker_without_its_first_gate_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.domain.conditions import compiled

    monkeypatch.setattr(compiled, "check_words", lambda _: None)
    assert any("--" in text for text in let_through(hostile_conditions(places=5))), "a comment is words to a parser"


@pytest.mark.parametrize("pattern", ["%a_b%", "a_b%", "_", "%", "a%b%c%d%", "%%a_b%%", "100\\%"])
def test_a_pattern_people_need_is_allowed(pattern: str) -> None:
    assert refusal_of(f"value_tier like '{pattern}'") == ""
