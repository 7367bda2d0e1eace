"""A destination's key ``transport``, as its YAML file says it: how its batches travel. It never holds a secret."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dagster_project.domain.exports import transport as kinds

SECRET_KEY = re.compile(r"pass|secret|token|credential|private|access|api_?key|^key$", re.IGNORECASE)
SECRET_VALUE = re.compile(r"PRIVATE KEY|^AKIA[0-9A-Z]{16}$|^[0-9a-f]{32}-us[0-9]+$|//[^/\s]*@")
NO_SECRET_HERE = "a secret does not belong in this file: see docs/contracts/transports.md"
Remote = Annotated[
    str, Field(pattern=r"^/?[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", max_length=200)
]
Https = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")]


class Travels(BaseModel):
    """What every transport has: a kind, and nothing that must be kept secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _holds_no_secret(cls, given: Any) -> Any:
        if isinstance(given, dict):
            known = set(cls.model_fields)
            values = [value for value in given.values() if isinstance(value, str)]
            if any(key not in known and SECRET_KEY.search(str(key)) for key in given):
                raise ValueError(NO_SECRET_HERE)
            if any(SECRET_VALUE.search(value) for value in values):
                raise ValueError(NO_SECRET_HERE)
        return given


class FolderFile(Travels):
    """A folder on this machine."""

    kind: Literal["folder"]
    path: str = Field(pattern=r"^/[^\x00]*[^/\x00]$", description="an absolute path, as of a mounted disk")

    @field_validator("path")
    @classmethod
    def _goes_nowhere_else(cls, path: str) -> str:
        if ".." in path.split("/"):
            raise ValueError("must not climb with ..")
        return path

    def to_transport(self) -> kinds.Transport:
        """As the exports use it."""
        return kinds.ToFolder(self.path)


class SftpFile(Travels):
    """A folder on an SFTP server."""

    kind: Literal["sftp"]
    host: Host
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(pattern="^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$")
    path: Remote
    host_key: str = Field(
        pattern=r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$",
        description="the server's public key, as ssh-keyscan shows it: ssh-ed25519 AAAA...",
    )

    def to_transport(self) -> kinds.Transport:
        """As the exports use it."""
        return kinds.ToSftp(self.host, self.user, self.path, self.host_key, self.port)


class S3File(Travels):
    """A bucket of S3, or of a service that speaks its language."""

    kind: Literal["s3"]
    bucket: str = Field(pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    prefix: Remote | None = None
    endpoint: Https | None = Field(default=None, description="of another service than Amazon's")
    region: str | None = Field(default=None, pattern="^[a-z0-9-]{2,30}$")

    def to_transport(self) -> kinds.Transport:
        """As the exports use it."""
        return kinds.ToS3(self.bucket, (self.prefix or "").strip("/"), self.endpoint, self.region)


class PullFile(Travels):
    """The tool fetches from ``hoiva serve``."""

    kind: Literal["pull"]

    def to_transport(self) -> kinds.Transport:
        """As the exports use it."""
        return kinds.Pull()


class DataManagerFile(Travels):
    """Google's Data Manager API."""

    kind: Literal["google_data_manager"]
    account_id: str = Field(pattern="^[0-9]{6,12}$", description="the Google Ads account that owns the audience")
    user_list_id: str = Field(pattern="^[0-9]{1,20}$")
    login_account_id: str | None = Field(default=None, pattern="^[0-9]{6,12}$", description="a manager account")

    def to_transport(self) -> kinds.Transport:
        """As the exports use it."""
        return kinds.ToDataManager(self.account_id, self.user_list_id, self.login_account_id)


class MetaFile(Travels):
    """Meta's Marketing API."""

    kind: Literal["meta"]
    audience_id: str = Field(pattern="^[0-9]{5,20}$")

    def to_transport(self) -> kinds.Transport:
        """As the exports use it."""
        return kinds.ToMeta(self.audience_id)


class MailchimpFile(Travels):
    """Mailchimp's Marketing API."""

    kind: Literal["mailchimp"]
    list_id: str = Field(pattern="^[0-9a-f]{6,20}$")
    data_centre: str = Field(
        pattern="^[a-z]{2}[0-9]{1,3}$", description="as us21: the part of the address of the account"
    )

    def to_transport(self) -> kinds.Transport:
        """As the exports use it."""
        return kinds.ToMailchimp(self.list_id, f"https://{self.data_centre}.api.mailchimp.com/3.0")


TransportFile = Annotated[
    FolderFile | SftpFile | S3File | PullFile | DataManagerFile | MetaFile | MailchimpFile, Field(discriminator="kind")
]
# A platform's API takes the digests of its own form alone.
FORMATS_OF_API = {name: (name,) for name in ("google_data_manager", "meta", "mailchimp")}


def refuse_misfit(transport: Any, format_name: str) -> None:
    """A platform's API must be given rows in that platform's own form.

    Raises:
        ValueError: it would be given another's.
    """
    fitting = FORMATS_OF_API.get(transport.kind) if transport is not None else None
    if fitting is not None and format_name not in fitting:
        raise ValueError(f"transport {transport.kind} carries the format {' or '.join(fitting)}, not {format_name}")
