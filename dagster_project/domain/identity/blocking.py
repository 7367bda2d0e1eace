"""Which records are compared at all: those that share a key of a block, as comparing all with all is impossible."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_OF_A_BLOCK = 60  # records with one key; larger blocks are common names at work and are skipped
# Kinds of block that say little of a person: worth a look only where the name is rare; else most pairs of a large base.
WEAK_KINDS = {"last_name": 12, "first_name_and_city": 12}  # records with one key, at most
END_OF_A_PHONE = 7  # digits that stay when a country code is typed differently


def block_keys(people: pd.DataFrame) -> pd.DataFrame:
    """The keys of each record, one column for each kind of block, null where a record has none.

    Args:
        people: any of email, phone, first_name, last_name, birth_date, street_name, house_number, postal_code, city
            and other_id.

    >>> import pandas as pd
    >>> one = pd.DataFrame({"first_name": ["aino"], "last_name": ["aalto"], "postal_code": [None]})
    >>> block_keys(one)["both_names"].tolist()
    ['aalto|aino']
    """
    import numpy as np
    import pandas as pd

    def text(name: str) -> pd.Series:
        if name not in people:
            return pd.Series(None, index=people.index, dtype="str")
        return people[name].astype("str").where(people[name].notna())

    first, last, code = text("first_name"), text("last_name"), text("postal_code")
    parts = text("email").str.extract(r"^(?P<local>.*)@(?P<domain>[^@]*)$")
    local, domain = parts["local"], parts["domain"]
    smaller = np.where(first < last, first, last)
    larger = np.where(first < last, last, first)
    names = (
        pd.Series(smaller, index=people.index, dtype="str") + "|" + pd.Series(larger, index=people.index, dtype="str")
    )
    return pd.DataFrame(
        {
            "birth_date": text("birth_date"),
            "last_name": last,
            "first_name_and_city": first + "|" + text("city"),
            "both_names": names.where(first.notna() & last.notna()),
            "local_part": local.where(local != ""),
            "numbers_of_email": (domain + "|" + local.str[:2] + "|" + local.str.replace(r"\D", "", regex=True)).where(
                local.str.contains(r"\d", na=False)
            ),
            "phone": text("phone").str[-END_OF_A_PHONE:],
            "last_name_and_code": last + "|" + code,
            "first_name_and_code": first + "|" + code,
            "house": code + "|" + text("house_number") + "|" + text("street_name").str[:3],
            "other_id": text("other_id"),
        },
        index=people.index,
    )


def bounded(keys: pd.DataFrame, is_open: pd.Series, most_pairs: int) -> tuple[pd.DataFrame, int]:
    """The keys without blocks that are too large or hold nobody whose customer is open, and how many were skipped.

    Args:
        keys: as block_keys gives them.
        is_open: whether a record's customer is not yet known by a number: only such a record can find its own.
        most_pairs: pairs to compare in all; the largest blocks of the weakest kinds go first.
    """
    import pandas as pd

    kept: dict[str, pd.Series] = {}
    skipped, pairs = 0, 0
    for name in keys:
        key = keys[name]
        grouped = key.groupby(key)
        size = grouped.transform("size")
        opened = is_open.astype("int64").groupby(key).transform("sum")
        useful = key.notna() & (size > 1) & (opened > 0)
        fits = useful & (size <= WEAK_KINDS.get(str(name), MOST_OF_A_BLOCK))
        skipped += int(key[useful & ~fits].nunique())
        in_block = size[fits] - 1
        pairs += int(in_block.sum() // 2)
        if pairs > most_pairs:
            skipped += int(key[fits].nunique())
            fits = pd.Series(False, index=key.index)
            pairs -= int(in_block.sum() // 2)
        kept[str(name)] = key.where(fits)
    return pd.DataFrame(kept, index=keys.index), skipped
