"""Opening a ledger: migrated by whoever comes first, and never by an older Hoiva."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from dagster_project.adapters.ledger import Ledger, migrate, open_ledger
from dagster_project.adapters.ledger.engine import make_engine
from dagster_project.adapters.ledger.tables import deliveries, metadata
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.errors import HoivaError


def test_the_migrations_build_what_the_tables_say(empty_url: str) -> None:
    with open_ledger(empty_url) as ledger, ledger.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_head_that_is_known_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_an_opened_ledger_is_not_migrated_again(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ledger(empty_url).close()

    def never(_: object) -> None:
        raise AssertionError("migrated twice")

    monkeypatch.setattr(migrate, "_upgrade", never)
    open_ledger(empty_url).close()


def test_a_newer_ledger_is_left_alone(empty_url: str) -> None:
    with open_ledger(empty_url) as ledger, ledger.writing() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(HoivaError, match="newer Hoiva"):
        open_ledger(empty_url)


def _open(url: str) -> int:
    with open_ledger(url) as ledger:
        return len(ledger.deliveries())


def test_three_processes_may_open_an_empty_ledger_at_once(empty_url: str) -> None:
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with context.Pool(3) as pool:
        assert pool.map(_open, [empty_url] * 3) == [0, 0, 0]


def _switch(path: str) -> int:
    with make_engine(f"sqlite:///{path}").connect():
        return 0


def test_two_who_switch_a_new_file_to_its_log_wait_for_each_other(tmp_path: Path) -> None:
    """SQLite refuses one of them at once, busy timeout or not; some of these forty files meet it."""
    with get_context("forkserver").Pool(4) as pool:
        for number in range(40):
            assert pool.map(_switch, [str(tmp_path / f"{number}.db")] * 4, chunksize=1) == [0] * 4


def test_sqlite_flushes_every_commit_and_keeps_foreign_keys(empty_url: str) -> None:
    if not empty_url.startswith("sqlite"):
        pytest.skip("SQLite alone")
    with open_ledger(empty_url) as ledger, ledger.reading() as connection:
        pragmas = {
            name: connection.execute(text(f"pragma {name}")).scalar() for name in ("journal_mode", "synchronous")
        }
        assert pragmas == {"journal_mode": "wal", "synchronous": 2}
        assert connection.execute(text("pragma foreign_keys")).scalar() == 1


def test_a_moment_comes_back_as_the_same_moment_in_utc(ledger: Ledger) -> None:
    helsinki = datetime(2026, 1, 1, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    ledger.record_delivery(Delivery("f", "s", "t", "n", "held", helsinki, helsinki))
    arrived = ledger.deliveries()[0].arrived_at
    assert (arrived, arrived.tzinfo) == (helsinki, UTC)
    with ledger.reading() as connection:
        raw = connection.execute(text(f"select arrived_at from {deliveries.name}")).scalar()
        assert str(raw).startswith("2026-01-01 00:30:00.123456")
