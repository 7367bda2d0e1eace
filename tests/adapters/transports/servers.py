"""Real servers on loopback, for as long as a test session: OpenSSH where it is installed, else asyncssh; moto's S3."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if Path("/usr/sbin/sshd").exists() else None)
STARTS_WITHIN = 20  # seconds


@dataclass(frozen=True)
class SftpServer:
    """A server that lets one key in, and the folder its user sees."""

    kind: str
    host: str
    port: int
    user: str
    host_key: str
    key_file: Path
    root: Path


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def _keys(folder: Path) -> tuple[Path, str, str]:
    """A user's key, the server's private key file's text, and its public key."""
    import asyncssh

    user, host = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    for name, key in (("user", user), ("host", host)):
        (folder / name).write_bytes(key.export_private_key())
        (folder / name).chmod(0o600)
    (folder / "authorized").write_bytes(user.export_public_key())
    (folder / "authorized").chmod(0o600)
    return folder / "user", str(folder / "host"), host.export_public_key().decode().split("\n")[0].rsplit(" ", 0)[0]


@contextmanager
def openssh(folder: Path) -> Iterator[SftpServer]:
    """OpenSSH's own server, SFTP alone, in a folder of its own."""
    key_file, host_file, host_key = _keys(folder)
    root, port = folder / "there", free_port()
    root.mkdir()
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host_file}\nPidFile none\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nPasswordAuthentication no\nUsePAM no\nStrictModes no\n"
        f"PermitRootLogin yes\nSubsystem sftp internal-sftp\nForceCommand internal-sftp -d {root}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    assert SSHD is not None
    log = (folder / "sshd.log").open("wb")
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stdout=log, stderr=log)
    try:
        wait_for(port)
        yield SftpServer("openssh", "127.0.0.1", port, getpass.getuser(), host_key, key_file, root)
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


@contextmanager
def asyncssh_server(folder: Path) -> Iterator[SftpServer]:
    """asyncssh's server, in a thread of its own."""
    import asyncssh

    key_file, host_file, host_key = _keys(folder)
    root, port = folder / "there", free_port()
    root.mkdir()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            port,
            server_host_keys=[host_file],
            authorized_client_keys=str(folder / "authorized"),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root)),
        )

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(STARTS_WITHIN)
    try:
        yield SftpServer("asyncssh", "127.0.0.1", port, "hoiva", host_key, key_file, root)
    finally:
        loop.call_soon_threadsafe(acceptor.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """The best server this machine has."""
    with (openssh if SSHD else asyncssh_server)(folder) as server:
        yield server


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of moto's server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
