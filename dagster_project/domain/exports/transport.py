"""How a published batch reaches the tool that is waiting for it, when that tool does not read our outbox itself.

A transport carries what was published, byte for byte or page by page, and nothing else. It holds no secret: passwords,
keys and tokens come from the environment or a file of the installation. See docs/contracts/transports.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ToFolder:
    """A folder on this machine, as a mounted disk; ``path`` is absolute."""

    path: str
    kind: Literal["folder"] = "folder"


@dataclass(frozen=True)
class ToSftp:
    """A folder on an SFTP server, known by its host key.

    Attributes:
        path: a folder on the server; relative to the user's home unless it begins with a slash.
        host_key: the server's public key as it stands in a ``known_hosts`` file: ``ssh-ed25519 AAAA...``.
    """

    host: str
    user: str
    path: str
    host_key: str
    port: int = 22
    kind: Literal["sftp"] = "sftp"


@dataclass(frozen=True)
class ToS3:
    """A bucket of S3 or of anything that speaks its language.

    Attributes:
        endpoint: the address of another service than Amazon's.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    kind: Literal["s3"] = "s3"


@dataclass(frozen=True)
class Pull:
    """The tool fetches its batches itself from ``hoiva serve``, with a token of its own."""

    kind: Literal["pull"] = "pull"


@dataclass(frozen=True)
class ToDataManager:
    """An audience in Google's ads products, by the Data Manager API."""

    account_id: str
    user_list_id: str
    login_account_id: str | None = None
    endpoint: str = "https://datamanager.googleapis.com/v1"
    kind: Literal["google_data_manager"] = "google_data_manager"


@dataclass(frozen=True)
class ToMeta:
    """A custom audience at Meta, by the Marketing API."""

    audience_id: str
    endpoint: str = "https://graph.facebook.com/v25.0"
    kind: Literal["meta"] = "meta"


@dataclass(frozen=True)
class ToMailchimp:
    """An audience (list) of Mailchimp, by the Marketing API."""

    list_id: str
    endpoint: str
    kind: Literal["mailchimp"] = "mailchimp"


ByFiles = ToFolder | ToSftp | ToS3
ByPages = ToDataManager | ToMeta | ToMailchimp
Transport = ByFiles | ByPages | Pull
FILES, PAGES = (ToFolder, ToSftp, ToS3), (ToDataManager, ToMeta, ToMailchimp)
