"""The boundary that personal data does not cross: what leaves a process as an error or a log line passes here.

Three doors: the errors Dagster stores with a failed step, every line any logger writes (Dagster's own event log and the
files of a step's output among them), and what the ``hoiva`` command prints when something unexpected happens.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster_project.adapters.redaction import scrub, told, told_of

_installed: list[Callable[[], None]] = []


def install(*, with_dagster: bool = True) -> None:
    """Put the boundary up in this process; again, it does nothing.

    Args:
        with_dagster: also for the errors Dagster stores. It loads Dagster.
    """
    if not any(undo.__name__ == "_logging" for undo in _installed):
        _installed.append(_guard_logging())
    if with_dagster and not any(undo.__name__ == "_dagster" for undo in _installed):
        _installed.append(_guard_dagster())


def uninstall() -> None:
    """Take it down: for tests alone, which show what would be seen without it."""
    while _installed:
        _installed.pop()()


def _guard_logging() -> Callable[[], None]:
    make = logging.getLogRecordFactory()

    def record_without_values(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            record.msg, record.args = scrub(record.getMessage()), ()
        except Exception:  # a line whose arguments do not fit its text
            record.msg, record.args = "a log line whose arguments do not fit", ()
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text, record.exc_info = text_of(record.exc_info[1]), None
        return record

    def _logging() -> None:
        logging.setLogRecordFactory(make)

    logging.setLogRecordFactory(record_without_values)
    return _logging


def _guard_dagster() -> Callable[[], None]:
    from dagster_shared.error import SerializableErrorInfo

    method: Any = SerializableErrorInfo.from_traceback
    whole = method.__func__  # of a class this one is derived from

    def from_traceback(cls: Any, tb: traceback.TracebackException) -> Any:
        info = whole(cls, tb)  # its causes pass here by themselves
        kind = tb.exc_type
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.") if kind else "error"
        return info._replace(message=f"{name}: {told_of(kind, str(tb))}\n")

    def _dagster() -> None:
        del SerializableErrorInfo.from_traceback

    SerializableErrorInfo.from_traceback = classmethod(from_traceback)  # type: ignore[method-assign,assignment]
    return _dagster


def text_of(error: BaseException) -> str:
    """An error with its causes and places in the code, for a log: types, told texts, lines of code, no values."""
    lines = []
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        lines += [f"{type(one).__name__}: {told(one)}\n", *traceback.format_tb(one.__traceback__)]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "".join(lines).rstrip()


def place_of(error: BaseException) -> str:
    """Where in our code an error came up, as ``lake.py:75``; of foreign code the last place of ours that called it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "dagster_project" in Path(frame.filename).parts]
    if not frames:
        return "nowhere"
    last = (own or list(frames))[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
