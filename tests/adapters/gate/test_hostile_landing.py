"""Whatever lies in the landing folder: nothing outside the home is touched, and nothing keeps the gate waiting."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.adapters.gate import delivered as opening
from dagster_project.adapters.gate import facts_of, land_waiting, landing_folder, settled_files
from dagster_project.adapters.gate.delivered import LONGEST_NAME, safe_name
from dagster_project.components.fenced import Folder
from dagster_project.components.running import fingerprint
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.domain.sources.delivery import Delivery
from tests.adapters.small_deliveries import CAFE, GOOD, HEADER, Gate

CONTRACTS: Folder[SourceContract] = Folder({"cafe": CAFE}, [])
CONTENT = f"{HEADER}\n{GOOD}\n".encode()
SECRET = (
    b"id,came_at,guests,weight,price,is_regular,note\ncanary,2026-03-30 18:00:00,2,0.5,1,true,SECRET-OF-THE-MACHINE\n"
)
LATER = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _without_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.adapters.gate.passing._failed_expectations", lambda *_: "")


@pytest.fixture
def here(gate: Gate) -> Path:
    """``landing/cafe/visits``."""
    folder = gate.settings.at_home.landing / "cafe" / "visits"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is none of the gate's business, with a file it would understand."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "visits_secret.csv").write_bytes(SECRET)
    return folder


def take(gate: Gate) -> list[Delivery]:
    """What the daemon does, in a thread that must come back: its sensor's look, then the landing."""
    landed: list[Delivery] = []

    def run() -> None:
        now = datetime.now(UTC) + LATER
        waiting = settled_files(gate.settings, now)
        assert len(fingerprint(f"{path}|{facts.st_size}" for path, facts in facts_of(waiting))) == 20
        landed.extend(land_waiting(gate.settings, gate.ledger, CONTRACTS, now))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)  # no measurement: what hangs, hangs for ever
    assert not thread.is_alive(), "the gate waits for something that never comes"
    return landed


def everything_kept(gate: Gate) -> bytes:
    return b"".join(path.read_bytes() for path in gate.settings.at_home.root.rglob("*") if path.is_file())


def test_a_link_to_another_file_is_refused_once_and_never_read(gate: Gate, here: Path, outside: Path) -> None:
    (here / "visits_1.csv").symlink_to(outside / "visits_secret.csv")
    (here / "visits_2.csv").write_bytes(CONTENT)
    told = {one.file_name: (one.status, one.reason_code) for one in take(gate)}
    assert told == {"visits_1.csv": ("refused", "not_a_file"), "visits_2.csv": ("loaded", "")}
    assert take(gate) == [], "told once"
    assert (outside / "visits_secret.csv").read_bytes() == SECRET
    assert b"SECRET-OF-THE-MACHINE" not in everything_kept_without_links(gate)


def everything_kept_without_links(gate: Gate) -> bytes:
    files = [path for path in gate.settings.at_home.root.rglob("*") if path.is_file() and not path.is_symlink()]
    return b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("place", ["cafe/visits", "cafe"])
def test_a_folder_that_is_a_link_is_not_entered(gate: Gate, outside: Path, place: str) -> None:
    link = gate.settings.at_home.landing / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside, target_is_directory=True)
    assert take(gate) == []
    assert (outside / "visits_secret.csv").exists(), "nothing outside is taken away"


def test_a_gate_that_follows_links_is_caught(
    gate: Gate, here: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = opening.delivered
    monkeypatch.setattr(landing_folder, "delivered", lambda path, **_: real(path))
    (here / "visits_1.csv").symlink_to(outside / "visits_secret.csv")
    assert [one.status for one in take(gate)] == ["loaded"], "negative control"
    assert b"SECRET-OF-THE-MACHINE" in everything_kept(gate)


def test_pipes_sockets_and_devices_keep_nobody_waiting(gate: Gate, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(here / "visits_1.csv")
    monkeypatch.chdir(here)  # a socket's path has little room
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("visits_2.csv")
        (here / "visits_3.csv").symlink_to("/dev/zero")
        (here / "visits_4.csv").mkdir()
        (here / "visits_5.csv").symlink_to("visits_5.csv")
        (here / "visits_6.csv").write_bytes(CONTENT)
        told = {one.file_name: one.reason_code for one in take(gate)}
    assert told == {**{f"visits_{number}.csv": "not_a_file" for number in (1, 2, 3, 5)}, "visits_6.csv": ""}


HOSTILE_NAMES = [
    b"visits\n2026.csv", b"visits_\xff\xfe\xe4.csv", b"visits_\x1b[31mred.csv", b"visits_" + b"x" * 240 + b".csv",
    "visits_äöå名前.csv".encode(), ("visits_" + "名" * 80 + ".csv").encode(), b"visits_$(touch pwned).csv",
    b"visits_;rm -rf ~;.csv", b"visits_..%2f..%2f.csv", b"visits_' or 1=1 --.csv", b'visits_"quoted".csv',
    b"visits_*.csv", b"visits_%s%n.csv", b"visits_{0}.csv", b"visits_\\..\\.csv", b"visits_\xe2\x80\xaecsv.exe.csv",
    b"visits_[bold].csv", b"visits_.CSV", b"--table=guests.csv", b"..visits.csv.csv", b"visits_\xed\xa0\x80.csv",
]  # fmt: skip


def test_no_name_of_a_file_does_harm(gate: Gate, here: Path, tmp_path: Path) -> None:
    for number, name in enumerate(HOSTILE_NAMES):
        with open(os.path.join(os.fsencode(here), name), "wb") as file:
            file.write(f"{HEADER}\n{GOOD.replace('v1', f'v{number}')}\n".encode())
    before = {path for path in tmp_path.iterdir()}
    landed = take(gate)
    taken = [name for name in HOSTILE_NAMES if not name.startswith(b".")]
    assert len(landed) == len(taken)
    assert {one.status for one in landed} == {"loaded"}
    assert {path for path in tmp_path.iterdir()} == before
    for one in landed:
        assert one.file_name.isprintable()
        assert len(one.file_name) <= LONGEST_NAME
        one.file_name.encode()
    assert [name for name in os.listdir(os.fsencode(here)) if not name.startswith(b".")] == []
    assert len(gate.ledger.deliveries()) == len(landed)


@pytest.mark.parametrize("name", [b"..", b"visits/..", b"cafe/..", b"../cafe", b"\xff\xff", b"a\nb", b"x" * 255])
def test_no_name_of_a_table_or_source_does_harm(gate: Gate, outside: Path, name: bytes) -> None:
    folder = os.path.join(os.fsencode(gate.settings.at_home.landing), b"cafe", name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, b"strange.csv"), "wb") as file:
        file.write(CONTENT)
    told = take(gate)
    assert all(one.status == "refused" and len(one.table_name) <= 100 for one in told)
    assert not [path for path in gate.settings.at_home.lake.rglob("*.parquet")]
    assert [path.name for path in outside.iterdir()] == ["visits_secret.csv"]


@pytest.mark.parametrize("table", ["../../outside", "/etc", "visits/../guests", "", "visits\x00", "x" * 5000])
def test_no_table_named_on_the_command_line_does_harm(gate: Gate, table: str) -> None:
    delivery = gate.land("strange.csv", CONTENT, table=table)
    assert (delivery.status, delivery.reason_code) == ("refused", "unknown_table")


def test_a_file_too_large_to_hold_is_refused_unread_and_stays(gate: Gate, here: Path) -> None:
    giant = here / "visits_1.csv"
    with giant.open("wb") as file:
        file.truncate(2**40)  # a hole of a tebibyte takes no room
    told = take(gate)
    assert [(one.status, one.reason_code) for one in told] == [("refused", "too_large")]
    assert "parts" in told[0].message
    assert take(gate) == []
    assert giant.exists()


@pytest.mark.parametrize("moment", [4_102_444_800, 10**12, -(10**9)], ids=["2100", "another age", "before 1970"])
def test_a_clock_that_goes_wrong_keeps_no_file_waiting(gate: Gate, here: Path, moment: int) -> None:
    (here / "visits_1.csv").write_bytes(CONTENT)
    os.utime(here / "visits_1.csv", (moment, moment))
    told = take(gate)
    assert [one.status for one in told] == ["loaded"]
    assert abs((told[0].arrived_at - datetime.now(UTC)).total_seconds()) < 3600


def test_a_file_that_another_one_replaced_meanwhile_is_not_thrown_away(
    gate: Gate, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = landing_folder.land_found
    fresh = CONTENT.replace(b"v1", b"v2")

    def lands_slowly(*arguments: object, **named: object) -> Delivery:
        told = real(*arguments, **named)  # type: ignore[arg-type]
        (here / "new").write_bytes(fresh)
        os.replace(here / "new", here / "visits.csv")
        return told

    (here / "visits.csv").write_bytes(CONTENT)
    monkeypatch.setattr(landing_folder, "land_found", lands_slowly)
    assert [one.status for one in take(gate)] == ["loaded"]
    assert (here / "visits.csv").read_bytes() == fresh


def test_a_name_that_is_cut_keeps_its_beginning_and_its_end() -> None:
    shown = safe_name(Path("visits_" + "x" * 240 + "_2026.csv"))
    assert (len(shown), shown[:7], shown[-9:]) == (LONGEST_NAME, "visits_", "_2026.csv")
