"""What the repository promises of itself: no addresses, no machine paths, telemetry off, links that lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

import dagster_project  # noqa: F401
from dagster_project.settings import CHECKOUT
from scripts.make_docs import broken_links

MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work|private|opt)/[\w.-]+")
DOWNLOAD = re.compile(r"https?://\S+\.(?:whl|tar\.gz|tgz|zip)|--(?:extra-)?index-url\s+\S")
KINDS = {".py", ".sql", ".yml", ".yaml", ".md", ".toml", ".sh", ".lock", ".json", ""}
SECRET = re.compile(r"(?:password|secret|token|api_key)\s*[:=]\s*['\"][^'\"\s{$]{8,}", re.IGNORECASE)


def tracked_texts() -> list[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    texts = []
    for name in listed.stdout.split():
        path = CHECKOUT / name
        if path.is_file() and path.suffix in {
            ".py",
            ".sql",
            ".yml",
            ".yaml",
            ".md",
            ".toml",
            ".sh",
            ".lock",
            ".json",
            "",
        }:
            texts.append((name, path.read_text(encoding="utf-8", errors="replace")))
    return texts


@pytest.mark.parametrize(
    ("what", "pattern", "planted"),
    [
        ("a machine's path", MACHINE_PATH, "see /home/" + "somebody/notes.txt"),
        ("a download's address", DOWNLOAD, "https://" + "example.org/a.whl"),
        ("a secret", SECRET, "password" + " = 'correcthorse'"),
    ],
)
def test_no_file_holds(what: str, pattern: re.Pattern[str], planted: str) -> None:
    assert pattern.search(planted), "negative control"
    allowed = {"tests/test_repository.py"}
    found = {
        f"{name}: {match.group(0)}"
        for name, text in tracked_texts()
        for match in pattern.finditer(text)
        if name not in allowed
    }
    assert not found, f"{what} is committed"


def test_the_lock_pins_with_hashes_and_without_addresses() -> None:
    lock = (CHECKOUT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-zA-Z0-9_.\[\],-]+==\S+ \\$", lock, re.MULTILINE)
    assert len(pins) > 100
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "://" not in lock
    assert "find-links" not in lock


def test_telemetry_of_every_tool_is_off() -> None:
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "False"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_every_link_of_the_documents_leads_somewhere() -> None:
    assert broken_links() == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("[here](nowhere.md) [there](README.md)")
    assert broken_links(tmp_path) == ["README.md: nowhere.md"]


def test_the_readmes_customer_lives_in_the_town() -> None:
    """The walk in the README must stay true: his raw rows are what the town delivers."""
    from dagster_project.domain.identity.ids import record_ids
    from dagster_project.domain.synthetic import make_town, raw_files
    from dagster_project.settings import settings

    readme = (CHECKOUT / "README.md").read_text()
    customer = record_ids(["shop:customer:20245", "hubspot:contact:70000245"], settings().identity_salt)
    assert any(one in readme for one in customer)
    files = {file.table: file.content for file in raw_files(make_town(customers=2000))}
    assert "vaino.koskiranta245@post.example.org" in readme
    assert b"vaino.koskiranta245@post.example.org" in files["contact"]
    assert b"vaino.koskiranta245@post.example.org" in files["member"]
