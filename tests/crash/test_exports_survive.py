"""An export is killed at every point and at any instant: nothing is lost, nothing goes twice, what was seen stays."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import open_ledger
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, GOOGLE, batches, claim, consent, customer_ids, house, outside, point
from tests.crash.judge import Receiver, Verdict, platform, seen, verdict
from tests.crash.killed import copy_of, killed_after, killed_at, points_of, record_then_send, send_then_record, work

IDS = customer_ids(40)
MANY_KILLS = 300  # at random instants; the short subset has those of a whole day, in test_a_day_survives.py


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house with an audience that was told once and answered, has changed since, and letters that wait."""
    home = tmp_path_factory.mktemp("template") / "home"
    settings = Settings(home=home)
    settings.at_home.make()
    with open_ledger(settings.ledger_address) as ledger:
        consent(ledger, IDS)
        house(settings, map(point, IDS), audience=IDS[:20])
        first = export_destination(settings, ledger, GOOGLE, AS_OF)
        assert first is not None
        answers = settings.at_home.acks / "google"
        answers.mkdir()
        (answers / f"{first.batch_id}.json").write_text(json.dumps({"batch_id": first.batch_id, "status": "accepted"}))
        moved = [point(customer_id, email=f"uusi{customer_id[-2:]}@example.com") for customer_id in IDS[10:15]]
        no_address = [point(customer_id, email=None) for customer_id in IDS[:3]]
        others = [point(customer_id) for customer_id in IDS[3:10] + IDS[15:]]
        house(settings, [*no_address, *moved, *others], audience=IDS[5:30])
        claim(ledger, IDS)
        claim(ledger, IDS[:5], care_model="thank_you")
        ledger.hold_out(IDS[20:22], AS_OF)
    return home


@pytest.fixture(scope="module")
def undisturbed(template: Path) -> tuple[Path, list[str]]:
    """The same house after a run nobody killed, and the points that run passed."""
    home = copy_of(template, template.parent / "undisturbed")
    return home, points_of(home)


def same_as(home: Path, undisturbed: Path) -> bool:
    one, two = (
        {name: file for name, (file, _) in outside(Settings(home=path)).items()} for path in (home, undisturbed)
    )
    return one == two


def test_the_undisturbed_run_passes_every_kind_of_point(undisturbed: tuple[Path, list[str]]) -> None:
    home, points = undisturbed
    assert verdict(home) == Verdict([], [], [])
    assert len(batches(Settings(home=home), "letters")) == 1
    assert len(batches(Settings(home=home), "google")) == 2
    assert set(points) >= {
        "acks.recorded",
        "acks.moved",
        "contacts.blocked_ended",
        "contacts.unreachable_ended",
        "sent_rows.kept",
        "stage.folder_made",
        "stage.file_written",
        "stage.manifest_written",
        "stage.flushed",
        "export.opened",
        "publish.before_rename",
        "publish.renamed",
        "publish.flushed",
        "publish.recorded",
        "export.marked",
    }


def survive(home: Path, undisturbed: Path) -> None:
    """Look as a receiver, run again as the next sensor tick does, look, and judge."""
    receiver = Receiver(home)
    receiver.look()
    work(home)
    receiver.look()
    assert verdict(home) == Verdict([], [], [])
    assert same_as(home, undisturbed), "byte for byte what a run without a crash leaves"


def test_killed_at_every_named_point(template: Path, undisturbed: tuple[Path, list[str]], tmp_path: Path) -> None:
    reference, points = undisturbed
    for number in range(len(points)):
        home = copy_of(template, tmp_path / "home")
        assert killed_at(home, number), points[number]
        survive(home, reference)


def kill_at_random(template: Path, reference: Path, home: Path, kills: int, seed: int) -> None:
    """Kill so many running exports, each at an instant of its own between its start and its end."""
    whole = min(_seconds_of_a_run(template, home) for _ in range(3))
    instants = random.Random(seed)
    hits = 0
    while hits < kills:
        copy_of(template, home)
        if killed_after(home, instants.uniform(0, whole)):
            hits += 1
            survive(home, reference)
        else:
            whole *= 0.97  # it ended before: the machine is quicker now
            assert whole > 0.01, "nothing is killed"


def _seconds_of_a_run(template: Path, home: Path) -> float:
    copy_of(template, home)
    started = time.monotonic()
    assert not killed_after(home, 60)
    return time.monotonic() - started


@pytest.mark.crash
def test_killed_at_many_random_instants(template: Path, undisturbed: tuple[Path, list[str]], tmp_path: Path) -> None:
    kill_at_random(template, undisturbed[0], tmp_path / "home", MANY_KILLS, seed=2)


@pytest.mark.crash
def test_killed_again_while_recovering(template: Path, undisturbed: tuple[Path, list[str]], tmp_path: Path) -> None:
    reference, points = undisturbed
    chance = random.Random(3)
    for number in range(len(points)):
        home = copy_of(template, tmp_path / "home")
        killed_at(home, number)
        for _ in range(3):
            killed_at(home, chance.randrange(len(points)))
        survive(home, reference)


def withdraw_after_kill(template: Path, tmp_path: Path, number: int) -> None:
    """Somebody withdraws between the crash and the recovery: in no batch that was not out already, and let go of."""
    home = copy_of(template, tmp_path / "home")
    killed_at(home, number)
    settings = Settings(home=home)
    out_already = seen(home, "letters")
    told_already = platform(home)
    with open_ledger(settings.ledger_address) as ledger:
        ledger.suppress([Suppression(IDS[35], "withdrawn"), Suppression(IDS[7], "withdrawn")], AS_OF)
        contact_ids = {
            row["contact_id"] for row in ledger.contacts().to_pylist() if row["customer_id"] in (IDS[35], IDS[7])
        }
    work(home)
    for name, files in seen(home, "letters").items():
        if name not in out_already:
            assert not any(contact_id.encode() in files["rows.csv"] for contact_id in contact_ids)
    assert verdict(home) == Verdict([], [], [])
    assert len(told_already) >= len(platform(home)) or not out_already
    assert len(platform(home)) == 25 - 2 - 1, "two held out, and the one who withdrew is let go of"


def test_a_withdrawal_between_crash_and_recovery_counts(
    template: Path, undisturbed: tuple[Path, list[str]], tmp_path: Path
) -> None:
    points = undisturbed[1]
    for number, name in enumerate(points):
        if name in ("export.opened", "publish.before_rename", "publish.renamed"):
            withdraw_after_kill(template, tmp_path, number)


@pytest.mark.crash
def test_a_withdrawal_after_a_crash_at_any_point_counts(
    template: Path, undisturbed: tuple[Path, list[str]], tmp_path: Path
) -> None:
    for number in range(len(undisturbed[1])):
        withdraw_after_kill(template, tmp_path, number)


@pytest.mark.parametrize(("task", "fault"), [(send_then_record, "doubled"), (record_then_send, "lost")])
def test_the_judge_finds_a_wrong_order(
    template: Path, tmp_path: Path, task: Callable[[Path], None], fault: str
) -> None:
    """Negative control: two orders that look right, killed between their two steps, must be caught."""
    home = copy_of(template, tmp_path / "home")
    assert killed_at(home, "wrong.between", task)
    work(home)
    assert getattr(verdict(home), fault)
