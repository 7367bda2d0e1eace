"""Settings: one typed place, and one line that names the key and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import SettingsError
from dagster_project.settings import load_settings


def test_variables_win_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hoiva.yaml"
    file.write_text("phone_region: SE\nholdout_share: 0.1\n")
    monkeypatch.setenv("HOIVA_CONFIG", str(file))
    monkeypatch.setenv("HOIVA_PHONE_REGION", "GB")
    settings = load_settings()
    assert (settings.phone_region, settings.holdout_share) == ("GB", 0.1)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("BUSINESS_ZONE", "Europe/Helsingfors", "is not a time zone; write it as Europe/Helsinki"),
        ("PHONE_REGION", "Finland", "write two letters, as FI or GB"),
        ("HOLDOUT_SHARE", "0.9", "less than or equal to 0.5"),
        ("HOLDOUT_SALT", "short", "at least 8 characters"),
        ("REPORTING_CURRENCY", "euro", "the one currency amounts are in"),
    ],
)
def test_a_wrong_setting_is_one_line_with_key_and_fix(
    key: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"HOIVA_{key}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    message = str(refused.value)
    assert key.lower() in message
    assert says in message
    assert "\n" not in message


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOIVA_HOLDOUTSHARE", "0.1")
    with pytest.raises(SettingsError, match="HOIVA_HOLDOUTSHARE is not a setting; known: .*holdout_share"):
        load_settings()


def test_an_unknown_key_of_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hoiva.yaml"
    file.write_text("holdout: 0.1\n")
    monkeypatch.setenv("HOIVA_CONFIG", str(file))
    with pytest.raises(SettingsError, match="holdout is not a setting; known: "):
        load_settings()


def test_vault_landing_and_outbox_are_private(tmp_path: Path) -> None:
    home = load_settings(home=tmp_path / "h").at_home.make()
    for folder in (home.vault, home.vault_lake, home.landing, home.outbox):
        assert folder.stat().st_mode & 0o077 == 0, f"{folder.name} can be read by others"


def test_a_broken_file_is_one_line_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hoiva.yaml"
    file.write_text("phone_region: [GB\nholdout_share: 0.1\n")
    monkeypatch.setenv("HOIVA_CONFIG", str(file))
    with pytest.raises(SettingsError, match=r"not YAML, line 2: write one `key: value` a line"):
        load_settings()
