"""Who lives together: customers whose best postal address is the same, once it is written in one form."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from dagster_project.domain.identity.contacts import spread
from dagster_project.domain.identity.ids import DIGEST_BYTES
from dagster_project.domain.identity.normalise import normalise_city, normalise_postal_code, normalise_street

if TYPE_CHECKING:
    import pyarrow as pa

MOST_MEMBERS = 8  # customers at one address; more of them share a building, an office or a placeholder, and no table
ASKED = ("customer_id", "street", "postal_code", "city", "country_code")


def households_of(addresses: pa.Table, salt: str, home_country: str) -> pa.Table:
    """The households of two members and more, for rules that count the people of one address as one.

    An address is the street, the number with stair and flat, and the postal code; the town counts where no code is
    known, as one code has its town written in several languages. Without a number it is no address of a household.

    Args:
        addresses: ``ASKED``, one row per customer: the best address of each.
        salt: the key of the ids: nobody without it can tell a household's id from an address.
        home_country: two letters; where an address without a country is.

    Returns:
        customer_id, household_id, count_members, by customer_id. No row for who lives alone, has no whole address or
        shares it with more than ``MOST_MEMBERS``.

    >>> import pyarrow as pa
    >>> rows = [("c1", "Kotikatu 1 A 5", "00100", "Helsinki", "FI"), ("c2", "KOTIKATU 1a5", "FI-00100", None, None)]
    >>> found = households_of(pa.table(dict(zip(ASKED, zip(*rows)))), "a salt of tests", "FI").to_pylist()
    >>> [(row["customer_id"], row["count_members"]) for row in found], len({row["household_id"] for row in found})
    ([('c1', 2), ('c2', 2)], 1)
    """
    import pyarrow as pa

    keys = _keys(addresses, home_country)
    members = Counter(key for key in keys if key is not None)
    rows = sorted(
        (customer_id, key)
        for customer_id, key in zip(addresses["customer_id"].to_pylist(), keys, strict=True)
        if key is not None and 2 <= members[key] <= MOST_MEMBERS
    )
    return pa.table(
        {
            "customer_id": pa.array([customer_id for customer_id, _ in rows], pa.string()),
            "household_id": pa.array([_household_id(key, salt) for _, key in rows], pa.string()),
            "count_members": pa.array([members[key] for _, key in rows], pa.int64()),
        }
    )


def _keys(addresses: pa.Table, home_country: str) -> list[tuple[str, ...] | None]:
    """What tells an address from every other; None where a part is missing."""
    import pyarrow as pa

    text = (pa.string(),)
    streets, numbers = spread(addresses["street"], normalise_street, text * 2)
    (codes,) = spread(addresses["postal_code"], lambda written: (_code(written),), text)
    (cities,) = spread(addresses["city"], lambda written: (normalise_city(written),), text)
    columns = (streets, numbers, codes, cities, addresses["country_code"])
    keys: list[tuple[str, ...] | None] = []
    for street, number, code, city, country in zip(*(column.to_pylist() for column in columns), strict=True):
        whole = street and number and (code or city)
        place = ("code", code) if code else ("city", city)
        keys.append(((country or home_country).upper(), *place, street, number) if whole else None)
    return keys


def _code(written: str | None) -> str | None:
    """A postal code in one form; a row of zeros stands for none."""
    code = normalise_postal_code(written)
    return code if code and code.strip("0") else None


def _household_id(key: tuple[str, ...], salt: str) -> str:
    """``h`` and 20 hex digits: the same for an address as long as the salt is, whoever moves in or out."""
    said = "\0".join(("household", *key)).encode()
    return "h" + blake2b(said, digest_size=DIGEST_BYTES, key=salt.encode()[:64]).hexdigest()
