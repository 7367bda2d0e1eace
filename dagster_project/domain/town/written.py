"""How systems write things down: moments, flags, dirty spelling, and the day on which a row is delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa

DAY = "__day"  # the column that says on which day a row is delivered; never written to a file


@dataclass
class Told:
    """The rows one system delivers, table by table; each has the column ``__day``. ``broken`` counts misfits put in."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)


def moments(first_day: date, at: np.ndarray) -> np.ndarray:
    """Days since the first day, as moments to the second: datetime64[s], NaT where there is none."""
    seconds = np.round(np.nan_to_num(at) * 86_400).astype("timedelta64[s]")
    return np.where(np.isnan(at), np.datetime64("NaT", "s"), np.datetime64(first_day, "s") + seconds)


def written(values: np.ndarray) -> np.ndarray:
    """Moments as connectors write them: 2026-03-31 08:15:00, blank for none."""
    if not len(values):
        return np.zeros(0, object)  # numpy replaces nothing in no text
    unique, places = np.unique(values.astype("datetime64[s]"), return_inverse=True)  # a letter has one moment for all
    text = np.char.replace(np.datetime_as_string(unique), "T", " ").astype(object)
    text[np.isnat(unique)] = ""
    return text[places]


def flags(values: np.ndarray, known: np.ndarray | None = None, *, upper: bool = True) -> np.ndarray:
    """Yes and no as TRUE and FALSE (or true and false), blank where nobody asked."""
    yes, no = ("TRUE", "FALSE") if upper else ("true", "false")
    text = np.where(values, yes, no).astype(object)
    return text if known is None else np.where(known, text, "")


def dirty_email(rng: np.random.Generator, emails: np.ndarray) -> np.ndarray:
    """Addresses as people type them: in capitals, with a capital first, with a space behind."""
    how = rng.random(len(emails))
    text = emails.astype(str)
    text = np.where(how < 0.04, np.char.upper(text), text)
    text = np.where((how >= 0.04) & (how < 0.1), np.char.capitalize(text), text)
    return np.where((how >= 0.1) & (how < 0.13), np.char.add(text, " "), text).astype(object)


def dirty_phone(rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """Numbers as people type them: national, international, with spaces and dashes."""
    text = digits.astype(str)
    head, middle, tail = _cut(text, 0, 2), _cut(text, 2, 5), _cut(text, 5, 9)
    forms = [
        "+358" + text.astype(object),
        "0" + text.astype(object),
        "0" + head + " " + middle + " " + tail,
        "00358" + text.astype(object),
        "+358 (0)" + head + "-" + middle + tail,
    ]
    return np.choose(rng.integers(0, len(forms), len(text)), [form.astype(str) for form in forms]).astype(object)


def dirty_name(rng: np.random.Generator, names: np.ndarray) -> np.ndarray:
    """Names as people type them: lowercase, capitals, decomposed letters, a typing slip."""
    import unicodedata

    unique, places = np.unique(names.astype(str), return_inverse=True)
    forms = np.asarray(
        [
            [
                name,
                name.lower(),
                name.upper(),
                unicodedata.normalize("NFD", name),
                name[:2] + name[3:4] + name[2:3] + name[4:],
            ]
            for name in unique
        ],
        dtype=object,
    ).reshape(len(unique), 5)
    return forms[places, rng.choice(5, len(names), p=[0.8, 0.08, 0.04, 0.05, 0.03])]


def table(day: np.ndarray, **columns: np.ndarray) -> pa.Table:
    """Columns of text beside the day of delivery, in the order of days."""
    order = np.argsort(day, kind="stable")
    arrays = {name: pa.array(values[order], from_pandas=True) for name, values in columns.items()}
    return pa.table({DAY: pa.array(day[order].astype(np.int32)), **arrays})


def _cut(text: np.ndarray, start: int, end: int) -> np.ndarray:
    return np.asarray([one[start:end] for one in text.tolist()], dtype=object)
