"""The one password of the UI: only its hash is kept, in ``HOIVA_GUARD_PASSWORD_HASH``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from dagster_project.errors import HoivaError

COST = {"n": 2**14, "r": 8, "p": 1}  # scrypt: about 50 ms and 16 MB for one try
SHORTEST = 12  # characters
SALT = 16  # bytes


def hash_of(password: str) -> str:
    """What to write into ``HOIVA_GUARD_PASSWORD_HASH``.

    >>> matches("a long enough one", hash_of("a long enough one"))
    True

    Raises:
        HoivaError: it is too short.
    """
    if len(password) < SHORTEST:
        raise HoivaError(f"a password needs at least {SHORTEST} characters")
    salt = os.urandom(SALT)
    return f"scrypt:{_text(salt)}:{_text(_scrypt(password, salt))}"


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one a hash was made of; takes the same time whichever character differs.

    Raises:
        HoivaError: the hash is none.
    """
    try:
        kind, salt, digest = kept.split(":")
        salt_bytes, digest_bytes = (base64.urlsafe_b64decode(part) for part in (salt, digest))
    except ValueError:
        raise HoivaError("HOIVA_GUARD_PASSWORD_HASH is no hash: make one with hoiva guard --new-password") from None
    if kind != "scrypt" or len(salt_bytes) != SALT:
        raise HoivaError("HOIVA_GUARD_PASSWORD_HASH is no hash: make one with hoiva guard --new-password")
    return hmac.compare_digest(_scrypt(password, salt_bytes), digest_bytes)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **COST)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()
