"""Published tables are switched as a whole, and equal content changes nothing."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.published import NotPublished, has_published, open_published, publish, read_published
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings

AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)


def customers(*ids: str, visits: int = 1) -> pa.Table:
    return pa.table({"customer_id": list(ids), "count_visits": [visits] * len(ids)})


def files(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Every file below a folder: its bytes, inode and time of change."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".published.lock"
    }


def test_what_was_published_is_read_back_sorted(home: Settings) -> None:
    assert not has_published(home)
    publish(home, {"customer_360/customer_360": customers("c2", "c1")}, AS_OF)
    assert has_published(home)
    assert read_published(home, "customer_360/customer_360")["customer_id"].to_pylist() == ["c1", "c2"]
    assert open_published(home).as_of == AS_OF


def test_reading_before_anything_is_published_says_what_to_do(home: Settings) -> None:
    with pytest.raises(NotPublished, match="hoiva run"):
        read_published(home, "customer_360/customer_360")
    publish(home, {"a/b": customers("c1")}, AS_OF)
    with pytest.raises(NotPublished, match="a/other"):
        read_published(home, "a/other")
    with pytest.raises(NotPublished, match="contact_points"):
        open_published(home).read_vault("contact_points")


def test_the_same_content_in_another_order_touches_no_file(home: Settings) -> None:
    tables = {"a/b": customers("c1", "c2"), "a/c": pa.table({"n": [3, 1, 2]})}
    points = {"contact_points": customers("c1")}
    first = publish(home, tables, AS_OF, points)
    before = files(home.at_home.root)
    again = publish(home, {"a/c": pa.table({"n": [1, 2, 3]}), "a/b": customers("c2", "c1")}, AS_OF, points)
    assert (again.name, again.is_new, first.is_new) == (first.name, False, True)
    assert files(home.at_home.root) == before


def test_a_version_is_the_same_bytes_wherever_it_is_made(home: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "elsewhere")
    shuffled = pa.table({"customer_id": ["c3", "c1", "c2"], "amount": [1.5, None, 2.5]})
    encoded = shuffled.take([1, 2, 0]).set_column(
        0, "customer_id", pa.chunked_array([["c1"], ["c2", "c3"]]).dictionary_encode()
    )
    publish(home, {"a/b": shuffled}, AS_OF)
    publish(other, {"a/b": encoded}, AS_OF)
    read = (home.at_home.published / "a/b.parquet").read_bytes()
    assert read == (other.at_home.published / "a/b.parquet").read_bytes()
    manifest = (home.at_home.published / "manifest.json").read_bytes()
    assert manifest == (other.at_home.published / "manifest.json").read_bytes()


def test_the_manifest_says_what_lies_there_and_no_time_of_writing(home: Settings) -> None:
    publish(home, {"a/b": customers("c1", "c2")}, AS_OF)
    manifest = json.loads((home.at_home.published / "manifest.json").read_text())
    entry = manifest["tables"]["a/b"]
    path = home.at_home.published / entry["file"]
    assert manifest["as_of"] == "2026-03-31T20:59:59.999999Z"
    assert (entry["rows"], entry["bytes"], entry["sha256"]) == (2, path.stat().st_size, durable.file_sha256(path))
    assert entry["columns"] == [
        {"name": "customer_id", "type": "string"},
        {"name": "count_visits", "type": "int64"},
    ]
    assert str(datetime.now(UTC).year) not in json.dumps(manifest).replace("2026-03-31T20:59:59.999999Z", "")


def test_a_reader_keeps_the_version_it_opened_and_older_ones_go(home: Settings) -> None:
    publish(home, {"a/b": customers("c1")}, AS_OF, {"contact_points": customers("c1")})
    held = open_published(home)
    publish(home, {"a/b": customers("c2")}, AS_OF, {"contact_points": customers("c2")})
    assert held.read("a/b")["customer_id"].to_pylist() == ["c1"]
    assert held.read_vault("contact_points")["customer_id"].to_pylist() == ["c1"]
    assert read_published(home, "a/b")["customer_id"].to_pylist() == ["c2"]
    publish(home, {"a/b": customers("c3")}, AS_OF, {"contact_points": customers("c3")})
    assert len(list(home.at_home.root.glob(".published-*"))) == 2
    assert len(list(home.at_home.vault.glob(".published-*"))) == 2
    with pytest.raises(NotPublished, match="open it again"):
        held.read("a/b")


def test_contact_points_are_for_their_owner_alone(home: Settings) -> None:
    publish(home, {"a/b": customers("c1")}, AS_OF, {"contact_points": customers("c1")})
    vault = home.at_home.vault_published
    assert (vault / "contact_points.parquet").stat().st_mode & 0o777 == 0o600
    assert vault.resolve().stat().st_mode & 0o777 == 0o700
    assert (vault / "manifest.json").stat().st_mode & 0o777 == 0o600
    assert not list((home.at_home.published).rglob("contact_points*"))


@pytest.mark.parametrize("name", ["../escape", "a/b/c", "A/b", "a/../b", "/a", "a/b.parquet", ""])
def test_a_tables_name_never_becomes_another_path(home: Settings, name: str) -> None:
    with pytest.raises(HoivaError, match="not a table's name"):
        publish(home, {name: customers("c1")}, AS_OF)
    assert not has_published(home)


def test_as_of_needs_a_zone(home: Settings) -> None:
    with pytest.raises(HoivaError, match="time zone"):
        publish(home, {"a/b": customers("c1")}, AS_OF.replace(tzinfo=None))


POINTS = [
    "published.table.written",
    "published.staged",
    "published.placed",
    "published.before_switch",
    "published.switched",
    "published.removing",
]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, 2])
def test_a_stop_at_any_point_shows_the_old_or_the_new_whole(
    home: Settings, monkeypatch: pytest.MonkeyPatch, point: str, nth: int
) -> None:
    def state(number: int) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
        label = f"c{number}"
        return {"a/b": customers(label), "a/c": customers(label)}, {"contact_points": customers(label)}

    for number in (1, 2):
        publish(home, state(number)[0], AS_OF, state(number)[1])
    seen = 0

    def stop(name: str) -> None:
        nonlocal seen
        seen += name == point
        if name == point and seen == nth:
            raise KeyboardInterrupt

    monkeypatch.setattr(durable, "on_reached", stop)
    with pytest.raises(KeyboardInterrupt):
        publish(home, state(3)[0], AS_OF, state(3)[1])
    monkeypatch.setattr(durable, "on_reached", None)

    version = open_published(home)
    shown = {
        tuple(version.read("a/b")["customer_id"].to_pylist()),
        tuple(version.read("a/c")["customer_id"].to_pylist()),
        tuple(version.read_vault("contact_points")["customer_id"].to_pylist()),
    }
    assert shown in ({("c2",)}, {("c3",)})  # never a mixture
    publish(home, state(3)[0], AS_OF, state(3)[1])
    assert read_published(home, "a/b")["customer_id"].to_pylist() == ["c3"]
    left = [path.name for path in home.at_home.root.iterdir() if path.name.startswith((".publishing", ".removed"))]
    assert not left


def test_a_damaged_version_is_mended_by_publishing_again(home: Settings) -> None:
    publish(home, {"a/b": customers("c1"), "a/c": customers("c2")}, AS_OF)
    (home.at_home.published / "a/b.parquet").write_bytes(b"damaged")
    (home.at_home.published / "a/c.parquet").unlink()
    publish(home, {"a/b": customers("c1"), "a/c": customers("c2")}, AS_OF)
    assert read_published(home, "a/b")["customer_id"].to_pylist() == ["c1"]
    assert read_published(home, "a/c")["customer_id"].to_pylist() == ["c2"]


def test_an_earlier_version_may_come_back(home: Settings) -> None:
    names = []
    for moment in (AS_OF, AS_OF + timedelta(days=1), AS_OF, AS_OF + timedelta(days=1)):
        names.append(publish(home, {"a/b": customers("c1")}, moment).name)
    assert names[0] == names[2] != names[1] == names[3]
    assert os.readlink(home.at_home.published) == f".published-{names[3]}"
