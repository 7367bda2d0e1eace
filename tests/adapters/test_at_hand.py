"""What exports read every night lies at hand as it is published, and nowhere else than it may."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.adapters import arrow_files, at_hand, sent_rows
from dagster_project.adapters.at_hand import forget_at_hand, keep_at_hand
from dagster_project.adapters.erasing.leaving import delete_sent_rows
from dagster_project.adapters.published import NotPublished, Version
from dagster_project.settings import Settings
from tests.adapters.small_house import POINT_COLUMNS, customer_ids, house, point

IDS = customer_ids(9)
AUDIENCE = "audiences/fading"


def published(settings: Settings, ids: list[str] = IDS) -> Version:
    """Half of them have no phone; all live in the same country."""
    points = [point(one) | ({"phone": None} if place % 2 else {}) for place, one in enumerate(ids)]
    return house(settings, points, audience=ids[:5])


def files(settings: Settings) -> list[str]:
    folder = settings.at_home.vault / "at_hand"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("is_kept", [False, True])
def test_the_rows_are_those_that_were_published(home: Settings, is_kept: bool) -> None:
    version = published(home)
    if is_kept:
        assert keep_at_hand(home, version, POINT_COLUMNS[1:]) == 2
    names = list(POINT_COLUMNS)
    coded = ["country_code", "email", "phone"]
    rows = at_hand.read(version, "contact_points", names, coded)
    expected = version.read_vault("contact_points")
    assert rows.to_pylist() == expected.to_pylist()
    kinds = {field.name: pa.types.is_dictionary(field.type) for field in rows.schema}
    assert kinds == {name: name in coded for name in names}
    members = at_hand.read(version, AUDIENCE, ["customer_id", "consent_id"])
    assert members.to_pylist() == version.read(AUDIENCE, ["customer_id", "consent_id"]).to_pylist()
    assert all(len(column.chunks) == 1 for column in members.columns)


def test_a_table_replaced_in_its_place_is_read_itself(home: Settings) -> None:
    version = published(home)
    keep_at_hand(home, version, POINT_COLUMNS[1:])
    assert version.vault_folder is not None
    path = version.vault_folder / "contact_points.parquet"
    rest = pq.read_table(path, partitioning=None).slice(1)
    path.unlink()
    pq.write_table(rest, path)
    assert at_hand.read(version, "contact_points", ["customer_id"]).num_rows == len(IDS) - 1


def test_a_column_that_is_not_at_hand_is_read_itself(home: Settings) -> None:
    version = published(home)
    keep_at_hand(home, version, ["email"])
    rows = at_hand.read(version, "contact_points", ["phone", "email"])
    assert rows.to_pylist() == version.read_vault("contact_points", ["phone", "email"]).to_pylist()


def test_a_damaged_file_is_not_read(home: Settings) -> None:
    version = published(home)
    keep_at_hand(home, version, POINT_COLUMNS[1:])
    for path in (home.at_home.vault / "at_hand").iterdir():
        path.write_bytes(b"ARROW1 and nothing")
    assert at_hand.read(version, AUDIENCE, ["customer_id"]).num_rows == 5
    keep_at_hand(home, version, POINT_COLUMNS[1:])
    assert arrow_files.read(home.at_home.vault / "at_hand" / files(home)[0]).num_rows == 5, "it is made again"


def test_versions_that_are_gone_are_not_kept(home: Settings) -> None:
    for count in range(1, 5):
        version = published(home, IDS[: count + 5])
        keep_at_hand(home, version, POINT_COLUMNS[1:])
    assert len({name.partition("--")[0] for name in files(home)}) == 2, "the one readers see, and the one before"
    folder = home.at_home.vault / "at_hand"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert forget_at_hand(home.at_home) == 4
    assert files(home) == []
    assert forget_at_hand(Settings(home=home.home / "another").at_home) == 0


def test_what_is_not_published_is_not_at_hand(home: Settings) -> None:
    version = published(home)
    with pytest.raises(NotPublished, match="audiences/nobodys"):
        at_hand.read(version, "audiences/nobodys", ["customer_id"])
    published(home, IDS[1:])
    published(home, IDS[2:])
    with pytest.raises(NotPublished, match="replaced"):
        at_hand.read(version, AUDIENCE, ["customer_id"])


def test_a_value_of_a_row_taken_out_is_in_no_file(home: Settings) -> None:
    path = home.at_home.make().vault / "rows.arrow"
    rows = pa.table({"id": IDS, "town": pa.array(["Salakylä", *["Turku"] * 8]).dictionary_encode()})
    arrow_files.write(path, rows, is_read_soon=False)
    assert arrow_files.read(path).equals(rows)
    with pytest.raises(FileExistsError):
        arrow_files.write(path, rows, is_read_soon=False)
    arrow_files.replace(path, rows.slice(1), is_read_soon=True)
    assert "Salakylä".encode() in path.read_bytes(), "negative control: a code nobody has is kept"
    arrow_files.replace(path, arrow_files.recoded(rows.slice(1)), is_read_soon=True)
    assert "Salakylä".encode() not in path.read_bytes()
    assert arrow_files.read(path, ["town"])["town"].to_pylist() == ["Turku"] * 8


def test_rows_an_earlier_version_kept_are_read_and_forgotten(home: Settings) -> None:
    """It kept Parquet, and before that digests in hex."""
    folder = home.at_home.make().vault / "sent" / "google"
    folder.mkdir(parents=True)
    digest = b"\x07" * 32
    told = pa.table({"customer_id": IDS[:2], "Email": [digest.hex(), None], "Zip": ["00100", "Salakylä"]})
    pq.write_table(told, folder / "000001-b1.parquet")
    schema = pa.schema([("customer_id", pa.string()), ("Email", pa.binary(32)), ("Zip", pa.string())])
    rows = sent_rows.read(home.at_home, "google", dict.fromkeys(IDS, "b1"), schema)
    assert rows["Email"].to_pylist() == [digest, None]
    assert delete_sent_rows(home.at_home, IDS[1:]) == {"files": 1, "rows": 1}
    (path,) = sent_rows.files(folder)
    assert path.name == "000001-b1.arrow"
    assert sent_rows.read(home.at_home, "google", dict.fromkeys(IDS, "b1"), schema)["Zip"].to_pylist() == ["00100"]
    assert "Salakylä".encode() not in path.read_bytes()
    sent_rows.clear(home.at_home, "google", set())
    assert sent_rows.files(folder) == []
