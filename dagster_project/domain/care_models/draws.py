"""Ids and draws that come out the same on every run, in every order, on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

SEPARATOR = "\x1f"  # in no id: so ("ab", "c") and ("a", "bc") differ


def stable_id(*parts: str) -> str:
    """32 hex characters that name these parts together.

    >>> stable_id("ab", "c") == stable_id("ab", "c"), stable_id("ab", "c") == stable_id("a", "bc")
    (True, False)
    """
    return hashlib.blake2b(SEPARATOR.join(parts).encode(), digest_size=16).hexdigest()


def enrolment_id_of(customer_id: str, care_model: str, window_key: str) -> str:
    """The id of one customer's run through a care model, on one occasion.

    The version has no part in it: a new version must not enrol anyone a second time for the same occasion.
    """
    return stable_id("enrolment", customer_id, care_model, window_key)


def in_control_group(
    customer_ids: Iterable[str], care_model: str, control_share: float, salt: str
) -> npt.NDArray[np.bool_]:
    """Who is in the control group of a care model: enrolled and measured, never contacted.

    A salted hash of the customer and the model, so that a customer stays on the same side for good, the groups of two
    models are independent, and a larger share keeps everyone who was in the smaller one.

    >>> ids = [f"c{number}" for number in range(1000)]
    >>> small, large = (in_control_group(ids, "welcome", share, "salt-for-tests") for share in (0.1, 0.2))
    >>> int(small.sum()), bool((large | ~small).all())
    (89, True)

    Args:
        customer_ids: as many as are asked about.
        care_model: its name.
        control_share: from 0 (nobody) to 1.
        salt: of the installation; whoever does not know it cannot tell who is in the group.
    """
    ids = list(customer_ids)
    if not control_share:
        return np.zeros(len(ids), dtype=bool)
    key = hashlib.blake2b(f"control{SEPARATOR}{salt}{SEPARATOR}{care_model}".encode(), digest_size=32).digest()
    limit = int(control_share * 2**64)
    draws = (int.from_bytes(hashlib.blake2b(each.encode(), key=key, digest_size=8).digest(), "big") for each in ids)
    return np.fromiter((draw < limit for draw in draws), dtype=bool, count=len(ids))


def shares_drawn(ids: Iterable[str], about: str, shares: Sequence[float], salt: str) -> npt.NDArray[np.int64]:
    """Which of several shares each id falls into: salted, independent of other draws, and the same for good.

    >>> ids = [f"e{number}" for number in range(1000)]
    >>> drawn = shares_drawn(ids, "letter_or_call", [0.5, 0.3, 0.2], "salt-for-tests")
    >>> np.bincount(drawn).tolist()
    [511, 301, 188]

    Args:
        ids: who or what is drawn for.
        about: the draw's name, so that two draws are independent.
        shares: of each outcome; they are taken as parts of their sum.
        salt: of the installation.

    Returns:
        the number of the share of each id.
    """
    key = hashlib.blake2b(f"shares{SEPARATOR}{salt}{SEPARATOR}{about}".encode(), digest_size=32).digest()
    limits = np.cumsum(shares) / np.sum(shares)
    draws = [int.from_bytes(hashlib.blake2b(each.encode(), key=key, digest_size=8).digest(), "big") for each in ids]
    places = np.searchsorted(limits, np.array(draws, dtype=np.float64) / 2**64, side="right")
    return np.minimum(places, len(shares) - 1).astype(np.int64)
