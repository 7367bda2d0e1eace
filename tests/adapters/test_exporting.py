"""Contacts and audiences leave once, as they are allowed now, and never with anybody who must not be contacted."""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.exporting import NotPublished, export_all, export_destination, waiting
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import is_whole
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.small_house import (
    AS_OF,
    CALLS,
    GOOGLE,
    LETTERS,
    META,
    SECRETS,
    batches,
    claim,
    consent,
    customer_ids,
    house,
    outside,
    point,
    statuses,
)

IDS = customer_ids(6)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        yield opened


def rows_of(folder: Path, name: str = "contacts.csv") -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def letters_sent(settings: Settings) -> list[str]:
    return [row["Contact ID"] for folder in batches(settings, "letters") for row in rows_of(folder)]


def test_each_claimed_contact_is_handed_over_once(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS))
    consent(ledger, IDS)
    contact_ids = claim(ledger, IDS)
    batch = export_destination(home, ledger, LETTERS, AS_OF)
    assert batch is not None
    assert sorted(letters_sent(home)) == sorted(contact_ids)
    assert set(statuses(ledger).values()) == {("published", None)}
    before = outside(home)
    assert export_destination(home, ledger, LETTERS, AS_OF) is None
    assert outside(home) == before, "the same again changes nothing"


def test_a_batch_is_whole_numbered_chained_and_private(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS))
    consent(ledger, IDS)
    for ids in (IDS[:2], IDS[2:4], IDS[4:]):
        claim(ledger, ids)
        export_destination(home, ledger, LETTERS, AS_OF)
    folders = batches(home, "letters")
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in folders]
    assert [manifest["sequence"] for manifest in manifests] == [1, 2, 3]
    chain = [None, *(durable.file_sha256(folder / "manifest.json") for folder in folders)]
    assert [manifest["previous_manifest_sha256"] for manifest in manifests] == chain[:-1]
    for folder, manifest in zip(folders, manifests, strict=True):
        assert is_whole(folder)
        assert folder.name == f"{manifest['sequence']:06d}-{manifest['batch_id']}"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    keys = {(row["file"], row["line"]): row for row in rows_of(folders[0], "rows.csv")}
    lines = (folders[0] / "contacts.csv").read_text().splitlines()
    first = keys["contacts.csv", "2"]
    assert lines[1].endswith(first["row_key"])
    assert first["consent_id"].startswith("s-c")


def test_equal_input_gives_equal_bytes(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "elsewhere")
    for settings in (home, other):
        with open_ledger(settings.ledger_address) as own:
            house(settings, map(point, IDS), audience=IDS)
            consent(own, IDS)
            claim(own, reversed(IDS) if settings is other else IDS)
            export_all(settings, own, [LETTERS, GOOGLE, META], AS_OF)
    one, two = ({name: content for name, (content, _) in outside(settings).items()} for settings in (home, other))
    assert one == two
    assert len(one) == 3 * 3


def test_who_cannot_be_reached_is_returned_with_a_reason(home: Settings, ledger: Ledger) -> None:
    points = [point(IDS[0]), point(IDS[1], email=None), point(IDS[2], email="=cmd@example.com")]
    house(home, points)
    consent(ledger, IDS)
    good, blank, hostile, unknown = claim(ledger, IDS[:4])
    batch = export_destination(home, ledger, LETTERS, AS_OF)
    assert batch is not None
    assert batch.count("contacts") == 1
    assert statuses(ledger) == {
        good: ("published", None),
        blank: ("returned", "no_valid_email"),
        hostile: ("returned", "no_valid_email"),
        unknown: ("returned", "no_valid_email"),
    }


def test_a_second_letter_to_one_address_has_a_file_of_its_own(home: Settings, ledger: Ledger) -> None:
    house(home, [point(IDS[0]), point(IDS[1], email="Asiakas0@Example.com"), point(IDS[2])])
    consent(ledger, IDS)
    contact_ids = claim(ledger, IDS[:3]) + claim(ledger, IDS[:1], care_model="thank_you")
    batch = export_destination(home, ledger, LETTERS, AS_OF)
    assert batch is not None
    assert [file.name for file in batch.files] == ["contacts.csv", "contacts_2.csv", "contacts_3.csv", "rows.csv"]
    (folder,) = batches(home, "letters")
    sent = [row for name in ("contacts.csv", "contacts_2.csv", "contacts_3.csv") for row in rows_of(folder, name)]
    assert sorted(row["Contact ID"] for row in sent) == sorted(contact_ids)
    assert [row["row_key"] for row in rows_of(folder, "rows.csv")] == [row["Contact ID"] for row in sent]
    assert export_destination(home, ledger, LETTERS, AS_OF) is None


def test_each_destination_takes_its_own_contacts(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS), audience=IDS[:1])
    consent(ledger, IDS)
    claim(ledger, IDS[:2])
    called = claim(ledger, IDS[2:], channel="phone")
    made = export_all(home, ledger, [LETTERS, CALLS, GOOGLE], AS_OF)
    assert {name: batch.count("contacts") for name, batch in made.items() if batch} == {
        "letters": 2,
        "calls": 4,
        "google": 0,
    }
    rows = rows_of(batches(home, "calls")[0])
    assert sorted(row["contact_id"] for row in rows) == sorted(called)
    assert [row["priority"] for row in rows] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("why", ["consent withdrawn", "suppressed", "held out"])
def test_who_must_not_be_contacted_is_in_no_batch(home: Settings, ledger: Ledger, why: str) -> None:
    house(home, map(point, IDS), audience=IDS)
    consent(ledger, IDS)
    contact_ids = claim(ledger, IDS)
    called = claim(ledger, IDS, channel="phone")
    if why == "consent withdrawn":
        consent(ledger, IDS, denied=IDS[:1])
    elif why == "suppressed":
        ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
    else:
        ledger.hold_out(IDS[:1], AS_OF)
    export_all(home, ledger, [LETTERS, CALLS, GOOGLE, META], AS_OF)
    assert contact_ids[0] not in letters_sent(home)
    assert len(letters_sent(home)) == 5
    assert called[0] not in [row["contact_id"] for row in rows_of(batches(home, "calls")[0])]
    for name in ("google", "meta"):
        assert len(rows_of(batches(home, name)[0], "add.csv")) == 5
    status, reason = statuses(ledger)[contact_ids[0]]
    assert (status, reason) == (
        "returned",
        {"consent withdrawn": "no_consent", "suppressed": "suppressed", "held out": "held_out"}[why],
    )


def test_without_the_check_they_would_be_in_it(home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with the checks taken out, the test above could not pass."""
    house(home, map(point, IDS))
    consent(ledger, IDS)
    contact_ids = claim(ledger, IDS)
    ledger.hold_out(IDS[:1], AS_OF)
    publish = ledger.publish_batch
    monkeypatch.setattr(ledger, "blocked_contacts", lambda *_: {})
    monkeypatch.setattr(ledger, "publish_batch", lambda one, put, at: publish(one, put, at, recheck=False))
    export_destination(home, ledger, LETTERS, AS_OF)
    assert contact_ids[0] in letters_sent(home)


def test_a_withdrawal_while_the_batch_is_written_still_counts(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    house(home, map(point, IDS), audience=IDS)
    consent(ledger, IDS)
    contact_ids = claim(ledger, IDS)
    withdrawn: list[str] = []

    def withdraw(at: str) -> None:
        if at == "export.opened" and len(withdrawn) < 2:
            withdrawn.append(IDS[len(withdrawn)])
            ledger.suppress([Suppression(withdrawn[-1], "withdrawn")], AS_OF)

    monkeypatch.setattr(durable, "on_reached", withdraw)
    export_destination(home, ledger, LETTERS, AS_OF)
    assert withdrawn == IDS[:2]
    assert sorted(letters_sent(home)) == sorted(contact_ids[2:])
    assert [folder.name[:6] for folder in batches(home, "letters")] == ["000001"], "what nobody saw leaves no gap"
    withdrawn.clear()
    export_destination(home, ledger, GOOGLE, AS_OF)
    assert len(rows_of(batches(home, "google")[0], "add.csv")) == 4


def test_personal_data_reaches_no_log_and_no_error(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    house(home, map(point, IDS), audience=IDS)
    consent(ledger, IDS)
    claim(ledger, IDS)
    said = []
    points = ["stage.folder_made", "stage.file_written", "publish.before_rename", "publish.renamed", "sent_rows.kept"]
    with caplog.at_level(logging.DEBUG):
        for point_name in points:

            def fail(at: str, here: str = point_name) -> None:
                if at == here:
                    raise OSError(28, "No space left on device")

            monkeypatch.setattr(durable, "on_reached", fail)
            for destination in (LETTERS, GOOGLE):
                try:
                    export_destination(home, ledger, destination, AS_OF)
                except OSError as error:
                    said += [str(error), repr(error), repr(error.__context__)]
        monkeypatch.setattr(durable, "on_reached", None)
        (home.at_home.vault_published / "contact_points.parquet").write_bytes(b"damaged")
        claim(ledger, IDS, care_model="another")
        with pytest.raises(Exception) as broken:  # noqa: PT011 - whatever the reader raises
            export_destination(home, ledger, LETTERS, AS_OF)
        said.append(str(broken.value))
    assert len(said) > 6
    house(home, map(point, IDS), as_of=AS_OF + timedelta(days=1))
    batch = export_destination(home, ledger, LETTERS, AS_OF)
    assert batch is not None
    said.append(repr(batch))
    sent = b"".join(file.content for file in batch.files).decode()
    assert "example.com" in sent, "negative control: the search would find them"
    for secret in SECRETS:
        assert secret not in " ".join(said) + caplog.text


def test_nothing_published_yet_is_said_plainly(home: Settings, ledger: Ledger) -> None:
    with pytest.raises(NotPublished, match="hoiva run"):
        export_destination(home, ledger, LETTERS, AS_OF)
    assert waiting(home, ledger, [LETTERS, GOOGLE]) == []


def test_a_sensor_is_told_what_waits(home: Settings, ledger: Ledger) -> None:
    everywhere = [LETTERS, CALLS, GOOGLE, META]
    house(home, map(point, IDS), audience=IDS)
    consent(ledger, IDS)
    claim(ledger, IDS)
    assert waiting(home, ledger, everywhere) == ["google", "letters", "meta"]
    export_all(home, ledger, everywhere, AS_OF)
    assert waiting(home, ledger, everywhere) == []
    ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
    assert waiting(home, ledger, everywhere) == ["google", "meta"], "somebody must be let go"
    export_all(home, ledger, everywhere, AS_OF)
    assert waiting(home, ledger, everywhere) == []
    house(home, [point(customer_id, city="Turku") for customer_id in IDS], audience=IDS[1:])
    assert waiting(home, ledger, everywhere) == ["google", "meta"]
    made = export_all(home, ledger, everywhere, AS_OF)
    assert made["google"] is None, "Google is not told the city"
    assert made["meta"] is not None
    assert waiting(home, ledger, everywhere) == []


def test_a_receiver_may_carry_batches_off(home: Settings, ledger: Ledger) -> None:
    house(home, map(point, IDS))
    consent(ledger, IDS)
    claim(ledger, IDS[:3])
    export_destination(home, ledger, LETTERS, AS_OF)
    os.rename(batches(home, "letters")[0], home.at_home.root / "taken")
    claim(ledger, IDS[3:])
    second = export_destination(home, ledger, LETTERS, AS_OF)
    assert second is not None
    assert second.sequence == 2
