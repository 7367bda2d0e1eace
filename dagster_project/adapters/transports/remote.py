"""A folder somewhere else, through fsspec: another disk, an SFTP server, a bucket. A few plain acts, each whole."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, sync_file, sync_folder
from dagster_project.adapters.transports.secrets import Secrets
from dagster_project.adapters.transports.trip import Delayed
from dagster_project.domain.exports.transport import ByFiles, ToFolder, ToS3, ToSftp
from dagster_project.errors import HoivaError

CONNECT_SECONDS = 15  # for a server to let us in
SILENCE_SECONDS = 15  # after which an SFTP server is asked whether it is still there; three times, then it is not
READ_SECONDS = 60  # for one answer of S3
CHEAP = 4 * 1024 * 1024  # bytes: up to here a file is read back and its hash compared


class Remote:
    """A folder reached through an fsspec file system. Paths are relative to it."""

    can_rename_folders = True

    def __init__(self, fs: Any, root: str) -> None:
        self.fs = fs
        self.root = root.rstrip("/")

    def path(self, name: str) -> str:
        """The path the file system knows."""
        return f"{self.root}/{name}" if self.root else name

    def size(self, name: str) -> int | None:
        """A file's size in bytes; None when there is no such file."""
        try:
            found = self.fs.info(self.path(name))
        except FileNotFoundError:
            return None
        return int(found["size"]) if found["type"] == "file" else None

    def has_folder(self, name: str) -> bool:
        """Whether there is such a folder."""
        try:
            return str(self.fs.info(self.path(name))["type"]) == "directory"
        except FileNotFoundError:
            return False

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        return bytes(self.fs.cat_file(self.path(name)))

    def make_folder(self, name: str) -> None:
        """A folder and those above it."""
        self.fs.makedirs(self.path(name), exist_ok=True)

    def holds(self, name: str, size: int, sha256: str) -> bool:
        """Whether a whole file of this size is there; and of this hash, where to read it back is cheap."""
        if self.size(name) != size:
            return False
        return size > CHEAP or hashlib.sha256(self.read(name)).hexdigest() == sha256

    def send(self, local: Path, name: str, sha256: str) -> None:
        """Bring a file, under another name until all of it is there."""
        part = f"{name}.part"
        self.fs.put_file(str(local), self.path(part))
        self.rename(part, name)

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name, at once."""
        self.fs.mv(self.path(old), self.path(new))

    def remove_folder(self, name: str) -> None:
        """Remove a folder and what is in it; nothing happens when there is none."""
        if self.has_folder(name):
            self.fs.rm(self.path(name), recursive=True)

    def close(self) -> None:
        """Let go of connections."""


class FolderRemote(Remote):
    """A folder of this machine: every file flushed to its disk, readable by its owner alone."""

    def make_folder(self, name: str) -> None:
        folder = Path(self.root)
        if not folder.is_dir():  # a disk that is not mounted must not be filled up beside its mount point
            raise FileNotFoundError(errno.ENOENT, "the folder does not exist")
        for part in name.split("/"):
            folder = make_folder(folder / part, PRIVATE_FOLDER)

    def send(self, local: Path, name: str, sha256: str) -> None:
        place = Path(self.path(name))
        part = place.with_name(f"{place.name}.part")
        shutil.copyfile(local, part)
        part.chmod(PRIVATE_FILE)
        sync_file(part)
        os.rename(part, place)
        sync_folder(place.parent)

    def rename(self, old: str, new: str) -> None:
        os.rename(self.path(old), self.path(new))
        for folder in {Path(self.path(old)).parent, Path(self.path(new)).parent}:
            sync_folder(folder)


class S3Remote(Remote):
    """A bucket. An object appears as a whole; there are no folders to rename."""

    can_rename_folders = False

    def make_folder(self, name: str) -> None:
        """There are none to make."""

    def has_folder(self, name: str) -> bool:
        return bool(self.fs.find(self.path(name)))

    def holds(self, name: str, size: int, sha256: str) -> bool:
        """By the hash that was stored with the object; the service has checked the bytes against one as they came."""
        return self.size(name) == size and self.fs.metadata(self.path(name)).get("sha256") == sha256

    def send(self, local: Path, name: str, sha256: str) -> None:
        self.fs.put_file(str(local), self.path(name), Metadata={"sha256": sha256})

    def close(self) -> None:
        self.fs.invalidate_cache()


class SftpRemote(Remote):
    """A folder of an SFTP server."""

    def close(self) -> None:
        self.fs._finalize(self.fs.loop, self.fs._pool, self.fs._stack)


def open_remote(to: ByFiles, secrets: Secrets) -> Remote:
    """Open the folder a transport names.

    Raises:
        HoivaError: a secret is missing. Delayed: the other side does not let us in.
    """
    if isinstance(to, ToFolder):
        from fsspec.implementations.local import LocalFileSystem

        return FolderRemote(LocalFileSystem(skip_instance_cache=True), to.path)
    if isinstance(to, ToS3):
        return _open_s3(to, secrets)
    return _open_sftp(to, secrets)


def _open_s3(to: ToS3, secrets: Secrets) -> Remote:
    """With the keys of the destination; without any, with those of the machine (an instance's role)."""
    from s3fs import S3FileSystem

    key = secrets.find("access_key")
    fs = S3FileSystem(
        key=key,
        secret=secrets.need("secret_key") if key else None,
        token=secrets.find("session_token"),
        client_kwargs={
            name: value for name, value in (("endpoint_url", to.endpoint), ("region_name", to.region)) if value
        },
        config_kwargs={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
            "retries": {"max_attempts": 2, "mode": "standard"},
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    return S3Remote(fs, f"{to.bucket}/{to.prefix}" if to.prefix else to.bucket)


def _open_sftp(to: ToSftp, secrets: Secrets) -> Remote:
    import asyncssh
    from asyncssh.sftp import SFTPOpUnsupported
    from sshfs import SSHFileSystem

    class Sftp(SSHFileSystem):
        """Renames by the protocol alone; the library would open a shell where the server lacks an extension."""

        async def _mv(self, lpath: str, rpath: str, **_: Any) -> None:
            async with self._pool.get() as channel:
                try:
                    await channel.posix_rename(lpath, rpath)
                except SFTPOpUnsupported:
                    await channel.rename(lpath, rpath)

    try:
        host_key = asyncssh.import_public_key(to.host_key)
    except asyncssh.KeyImportError:
        raise HoivaError(f"the host_key of {to.host} is no public key; see ssh-keyscan {to.host}") from None
    key_file = secrets.find("private_key_file")
    password = None if key_file else secrets.need("password")
    try:
        keys = [asyncssh.read_private_key(key_file, secrets.find("passphrase"))] if key_file else None
    except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise HoivaError(f"the private key for {to.host} cannot be read") from None
    fs = Sftp(
        to.host,
        port=to.port,
        username=to.user,
        password=password,
        client_keys=keys,
        known_hosts=([host_key], [], []),
        config=[],
        agent_path=None,
        connect_timeout=CONNECT_SECONDS,
        login_timeout=CONNECT_SECONDS,
        keepalive_interval=SILENCE_SECONDS,
        keepalive_count_max=3,
        skip_instance_cache=True,
    )
    return SftpRemote(fs, to.path)


def reason_of(error: BaseException) -> str:
    """The code of what went wrong on the way. The error's own words stay with it: they may quote a path or a name.

    >>> reason_of(PermissionError("no")), reason_of(ConnectionRefusedError()), reason_of(OSError(errno.ENOSPC, "full"))
    ('not_allowed', 'unreachable', 'no_space_there')
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"HostKeyNotVerifiable", "KeyExchangeFailed"}:
        return "host_key_differs"
    if names & {"PermissionError", "PermissionDenied", "SFTPPermissionDenied", "NoCredentialsError"}:
        return "not_allowed"
    if names & {"FileNotFoundError", "SFTPNoSuchFile", "SFTPNoSuchPath"}:
        return "folder_missing"
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or names & {"SFTPNoSpaceOnFilesystem"}:
        return "no_space_there"
    unreachable = {
        "ConnectionError",
        "TimeoutError",
        "FSTimeoutError",
        "gaierror",
        "DisconnectError",
        "SFTPConnectionLost",
    }
    if names & unreachable | names & {"SFTPNoConnection", "EndpointConnectionError", "HTTPClientError"}:
        return "unreachable"
    if getattr(error, "errno", None) in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.ECONNREFUSED):
        return "unreachable"
    return "failed"


# What may go wrong on the other side. Anything else is a slip of ours and must be seen.
def trouble() -> tuple[type[BaseException], ...]:
    """The kinds of errors that a server, a network or a disk elsewhere can cause."""
    import asyncssh
    from botocore.exceptions import BotoCoreError, ClientError

    return (OSError, asyncssh.Error, asyncssh.SFTPError, BotoCoreError, ClientError, asyncio.TimeoutError, EOFError)


__all__ = ["Delayed", "Remote", "open_remote", "reason_of", "trouble"]
