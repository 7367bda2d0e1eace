"""A service account's key is exchanged for a token, by a statement that Google can verify; once an hour."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from dagster_project.adapters.pushing.google_token import SCOPE, GoogleToken
from dagster_project.adapters.pushing.http import NotApplied
from dagster_project.adapters.transports.secrets import Secrets
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def key_file(private: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {
        "client_email": "hoiva@project.example",
        "private_key_id": "k1",
        "private_key": pem.decode(),
        "token_uri": "https://oauth2.example/token",
    }
    path = tmp_path / "account.json"
    path.write_text(json.dumps(told))
    monkeypatch.setenv("HOIVA_SECRET_GOOGLE_SERVICE_ACCOUNT_FILE", str(path))
    return path


def test_the_statement_is_signed_and_the_token_used_for_an_hour(
    home: Settings, private: rsa.RSAPrivateKey, key_file: Path
) -> None:
    asked: list[dict[str, list[str]]] = []

    def google(request: httpx.Request) -> httpx.Response:
        asked.append(parse_qs(request.content.decode()))
        return httpx.Response(200, json={"access_token": f"t{len(asked)}", "expires_in": 3600})

    token = GoogleToken(Secrets(home, "google"), httpx.Client(transport=httpx.MockTransport(google)))
    assert [token(), token()] == ["t1", "t1"]
    (form,) = asked
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    text, _, signature = form["assertion"][0].rpartition(".")
    signed = base64.urlsafe_b64decode(signature + "==")
    private.public_key().verify(signed, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    claim = json.loads(base64.urlsafe_b64decode(text.partition(".")[2] + "=="))
    assert (claim["iss"], claim["scope"], claim["aud"]) == (
        "hoiva@project.example", SCOPE, "https://oauth2.example/token"
    )  # fmt: skip
    assert claim["exp"] - claim["iat"] == 3600


def test_a_key_that_is_none_is_said_without_a_word_of_it(home: Settings, key_file: Path) -> None:
    def google(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401)

    with pytest.raises(NotApplied, match="not_allowed"):
        GoogleToken(Secrets(home, "google"), httpx.Client(transport=httpx.MockTransport(google)))()
    key_file.write_text('{"client_email": "x", "token_uri": "https://y", "private_key": "nonsense"}')
    with pytest.raises(HoivaError, match="cannot be read or is no key") as said:
        GoogleToken(Secrets(home, "google"), httpx.Client())()
    assert "nonsense" not in str(said.value)
