"""A token for Google's API: one that is given, or one that a service account's key is exchanged for."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.pushing.http import ask
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import httpx

    from dagster_project.adapters.transports.secrets import Secrets

SCOPE = "https://www.googleapis.com/auth/datamanager"
VALID_SECONDS = 3600  # the longest Google grants
SPARE_SECONDS = 300  # before its end a token is made anew


class GoogleToken:
    """Gives a valid token whenever it is called."""

    def __init__(self, secrets: Secrets, client: httpx.Client) -> None:
        self._secrets = secrets
        self._client = client
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        key_file = self._secrets.find("service_account_file")
        if key_file is None:
            return self._secrets.need("access_token")
        if time.monotonic() > self._until:
            self._token = self._exchanged(Path(key_file))
            self._until = time.monotonic() + VALID_SECONDS - SPARE_SECONDS
        return self._token

    def _exchanged(self, path: Path) -> str:
        """By the grant of RFC 7523: a signed statement for a token."""
        try:
            key = json.loads(path.read_bytes())
            address = str(key["token_uri"])
            claim = signed_claim(key, int(time.time()))
        except (OSError, ValueError, KeyError, TypeError):
            raise HoivaError("the service_account_file of Google cannot be read or is no key") from None
        data = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": claim}
        return str(ask(self._client, "POST", address, data=data).json()["access_token"])


def signed_claim(key: dict[str, Any], now: int) -> str:
    """A JSON web token that says who asks, signed with the account's key (RS256)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    head = {"alg": "RS256", "typ": "JWT", "kid": key.get("private_key_id")}
    claim = {
        "iss": key["client_email"],
        "scope": SCOPE,
        "aud": key["token_uri"],
        "iat": now,
        "exp": now + VALID_SECONDS,
    }
    text = ".".join(_base64(json.dumps(part).encode()) for part in (head, claim))
    private = load_pem_private_key(key["private_key"].encode(), None)
    if not isinstance(private, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return f"{text}.{_base64(private.sign(text.encode(), PKCS1v15(), hashes.SHA256()))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
