"""``hoiva verify`` finds nothing wrong with a sound home, and names exactly what was broken in an unsound one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import text

from dagster_project.adapters.durable import PRIVATE_FOLDER
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.verifying import repair, verify
from dagster_project.domain.operations.findings import KINDS, Finding
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.small_house import AS_OF, SECRETS, batches
from tests.adapters.verifying.sound_home import GUEST, IDS, make_sound_home


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sound")
    settings = Settings(home=root / "home")
    settings.at_home.make()
    make_sound_home(settings, root / "delivered")
    return root / "home"


@pytest.fixture
def own(sound: Path, tmp_path: Path) -> Settings:
    shutil.copytree(sound, tmp_path / "own", symlinks=True)
    return Settings(home=tmp_path / "own")


def kinds(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings}


def sql(own: Settings, *statements: str) -> None:
    """Change the ledger behind everybody's back."""
    with open_ledger(own.ledger_address) as ledger, ledger.engine.connect() as connection:
        connection.exec_driver_sql("pragma foreign_keys=off")
        connection.exec_driver_sql("pragma ignore_check_constraints=on")
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def one_file(folder: Path, pattern: str) -> Path:
    return sorted(path for path in folder.rglob(pattern) if path.is_file())[0]


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def edit(path: Path, old: str, new: str) -> None:
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))


def ruin_the_ledger(own: Settings) -> None:
    content = bytearray(own.at_home.ledger.read_bytes())
    for page in range(4096 * 3, len(content), 4096 * 2):
        content[page + 20 : page + 1200] = b"\xff" * 1180
    own.at_home.ledger.write_bytes(bytes(content))


def twice(own: Settings) -> None:
    columns = (
        "customer_id care_model version step window_key channel treatment purpose action_class consent_id score"
        " cost planned_for planned_date decided_as_of claimed_at status batch_id"
    )
    names = ", ".join(columns.split())
    sql(own, f"insert into contacts (contact_id, {names}) select 'f' || contact_id, {names} from contacts"
             " where status = 'accepted' limit 1",
        "update capacity_counters set used = used + 1")  # fmt: skip


def stage_something(own: Settings) -> None:
    (own.at_home.outbox / ".staging" / "letters" / f"000009-{'a' * 32}").mkdir(parents=True)


def forget_the_newest(own: Settings) -> None:
    newest = batches(own, "letters")[-1].name.partition("-")[2]
    sql(own, f"update contacts set status = 'claimed', batch_id = null where batch_id = '{newest}'",
        f"delete from contact_transitions where batch_id = '{newest}'",
        f"delete from batches where batch_id = '{newest}'")  # fmt: skip


def swap_the_manifest(own: Settings) -> None:
    edit(batches(own, "letters")[0] / "manifest.json", '"protocol": ', '"protocol":  ')


def other_rows(own: Settings) -> None:
    batch = batches(own, "letters")[-1].name.partition("-")[2]
    sql(own, "delete from contact_transitions where transition_id = (select max(transition_id) from"
             f" contact_transitions where batch_id = '{batch}')")  # fmt: skip


def unpublish(own: Settings) -> None:
    damage(one_file(own.at_home.published.resolve(), "fading.parquet"))


def lose_contact_points(own: Settings) -> None:
    for folder in own.at_home.vault.glob(".published-*"):
        shutil.rmtree(folder)


def open_the_vault(own: Settings) -> None:
    own.at_home.vault.chmod(0o755)


def leave_over(own: Settings) -> None:
    for place in (".publishing-77", "lake/cafe/visits/.x.parquet.77", "acks/letters/.x.json.new"):
        path = own.at_home.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
        os.utime(path, (1, 1))


def set_aside(own: Settings) -> None:
    folder = own.at_home.acks / "letters" / ".set_aside"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.json.reason").write_text("the answer is not JSON\n")


def break_the_chain(own: Settings) -> None:
    """The batch before has another manifest, and the ledger agrees with it."""
    from dagster_project.adapters.durable import file_sha256

    swap_the_manifest(own)
    sha = file_sha256(batches(own, "letters")[0] / "manifest.json")
    sql(own, f"update batches set manifest_sha256 = '{sha}' where destination = 'letters' and sequence = 1")


AGAIN = "insert into contact_transitions (contact_id, status, batch_id, moved_at) select contact_id, status," \
    " batch_id, moved_at from contact_transitions where status = 'published' limit 1"  # fmt: skip
MOVE_NEXT = "update batches set sequence = 9 where destination = 'letters' and sequence = 3"
A_LAKE_FILE = "[0-9a-f]*.parquet"

# What is broken, and everything that must be named for it.
BREAKS: dict[str, tuple[Callable[[Settings], object], set[str]]] = {
    "the ledger's file": (ruin_the_ledger, {"ledger_damaged"}),
    "a contact made twice": (twice, {"contact_doubled"}),
    "a contact published again": (lambda own: sql(own, AGAIN), {"contact_doubled"}),
    "a contact without a consent": (
        lambda own: sql(own, "update contacts set consent_id = null where status = 'accepted'"),
        {"contact_without_consent", "consent_not_cited"},
    ),
    "another consent than the batch says": (
        lambda own: sql(own, "update contacts set consent_id = 's-other' where status = 'accepted'"),
        {"consent_not_cited"},
    ),
    "a holdout customer": (
        lambda own: sql(own, f"insert into holdouts select customer_id, '{AS_OF - timedelta(days=9):%F %T}'"
                             " from contacts where status = 'accepted'"),
        {"holdout_contacted"},
    ),
    "a counter": (lambda own: sql(own, "update capacity_counters set used = used + 3"), {"capacity_miscounted"}),
    "a capacity": (
        lambda own: sql(own, "update capacity_counters set capacity = 1, used = 1"),
        {"capacity_exceeded", "capacity_miscounted"},
    ),
    "a contact's status": (
        lambda own: sql(own, "update contacts set status = 'batched' where status = 'accepted'"),
        {"contact_and_batch_disagree"},
    ),
    "an export": (stage_something, {"batch_half_done"}),
    "a batch's file": (lambda own: damage(batches(own, "letters")[1] / "contacts.csv"), {"batch_damaged"}),
    "a batch without manifest": (lambda own: (batches(own, "google")[1] / "manifest.json").unlink(), {"batch_damaged"}),
    "a manifest": (swap_the_manifest, {"batch_altered"}),
    "an older ledger": (forget_the_newest, {"batch_unknown"}),
    "a batch not answered": (lambda own: shutil.rmtree(batches(own, "letters")[-1]), {"batch_missing"}),
    "a number": (lambda own: sql(own, MOVE_NEXT), {"batch_number_gap", "batch_unknown", "batch_missing"}),
    "the chain": (break_the_chain, {"batch_chain_broken"}),
    "the rows of a batch": (other_rows, {"batch_rows_disagree"}),
    "a membership": (lambda own: sql(own, "update memberships set state = 'rejected'"), {"membership_differs"}),
    "a membership lost": (
        lambda own: sql(own, f"delete from memberships where customer_id = '{IDS[5]}'"), {"membership_differs"},
    ),
    "the rows kept": (lambda own: shutil.rmtree(own.at_home.vault / "sent" / "google"), {"sent_row_missing"}),
    "a file of the lake": (lambda own: one_file(own.at_home.lake, A_LAKE_FILE).unlink(), {"lake_file_missing"}),
    "a file of the vault's lake": (
        lambda own: damage(one_file(own.at_home.vault_lake, A_LAKE_FILE)), {"lake_file_unreadable"},
    ),
    "the count of rows": (
        lambda own: sql(own, "update deliveries set count_loaded = 2, count_delivered = 3"
                             " where count_quarantined = 1 and status = 'loaded'"),
        {"lake_rows_differ"},
    ),
    "the quarantine": (lambda own: one_file(own.at_home.quarantine, "*.parquet").unlink(), {"quarantine_differs"}),
    "the raw quarantine": (
        lambda own: one_file(own.at_home.vault_quarantine, "*.parquet").unlink(), {"quarantine_differs"},
    ),
    "the archive": (lambda own: damage(one_file(own.at_home.vault_archive, "*__visits_1.csv")), {"archive_differs"}),
    "the archive of refused files": (
        lambda own: one_file(own.at_home.vault_archive / "cafe" / "refused", "*").unlink(), {"archive_differs"},
    ),
    "a landing": (
        lambda own: shutil.copy(path := one_file(own.at_home.lake, A_LAKE_FILE), path.with_name("ab.parquet")),
        {"lake_file_unknown"},
    ),
    "a published table": (unpublish, {"published_damaged"}),
    "the contact points": (lose_contact_points, {"published_vault_missing"}),
    "a folder's rights": (open_the_vault, {"open_to_others"}),
    "a step": (leave_over, {"left_over"}),
    "an answer": (set_aside, {"answer_set_aside"}),
}  # fmt: skip
NEEDS_MORE = {"consent_unknown"}  # has a test of its own below


def test_a_sound_home_gives_nothing(own: Settings) -> None:
    assert verify(own) == []


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_is_named_and_nothing_else(own: Settings, what: str) -> None:
    break_it, expected = BREAKS[what]
    break_it(own)
    findings = verify(own)
    assert kinds(findings) == expected
    told = " ".join(str(finding) for finding in findings)
    assert not [secret for secret in (*SECRETS, GUEST) if secret in told], "a place never names a person"


def test_each_kind_of_finding_is_found_by_a_test_and_told_in_the_docs() -> None:
    found = set().union(*(expected for _, expected in BREAKS.values())) | NEEDS_MORE
    assert found == set(KINDS)
    page = (CHECKOUT / "docs" / "runbooks" / "verify.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []


def test_a_consent_that_nobody_knows_is_named(own: Settings) -> None:
    import pyarrow as pa

    from dagster_project.adapters.published import publish

    def told(*consent_ids: str) -> set[str]:
        publish(own, {"customer_360/customer_consents": pa.table({"consent_id": list(consent_ids)})}, AS_OF)
        return kinds(verify(own))

    sql(own, "delete from consents")
    assert told("s-other") == {"consent_unknown"}
    assert told(*(f"s-{one}" for one in IDS)) == set()


@pytest.mark.parametrize("what", ["a counter", "an export", "a folder's rights", "a step"])
def test_what_is_safe_to_mend_is_mended(own: Settings, what: str) -> None:
    BREAKS[what][0](own)
    found = verify(own)
    with open_ledger(own.ledger_address) as ledger:
        assert kinds(repair(own, ledger, found)) == BREAKS[what][1]
    assert verify(own) == []


def test_what_is_not_safe_is_left_alone(own: Settings) -> None:
    forget_the_newest(own)
    found = verify(own)
    with open_ledger(own.ledger_address) as ledger:
        assert repair(own, ledger, found) == []
    assert kinds(verify(own)) == {"batch_unknown"}


def test_an_export_at_work_is_no_finding(own: Settings) -> None:
    stage_something(own)
    locks = own.at_home.outbox / ".locks"
    with FileLock(locks / "letters.lock"):
        assert verify(own) == []
    assert kinds(verify(own)) == {"batch_half_done"}, "negative control: once nobody holds it"


def test_a_batch_its_receiver_took_is_where_it_belongs(own: Settings) -> None:
    newest = batches(own, "letters")[-1]
    taken = newest.parent / ".taken"
    taken.mkdir(mode=PRIVATE_FOLDER)
    newest.rename(taken / newest.name)
    assert verify(own) == []


def test_an_empty_home_is_sound(home: Settings) -> None:
    assert verify(home) == []
