"""Each identifier is hashed once, when it first appears; the vault keeps the digest."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.adapters import arrow_files
from dagster_project.adapters.digests import digests_of, keep_digests
from dagster_project.adapters.published import NotPublished, Version
from dagster_project.domain.exports.formats import FORMATS, with_digests
from dagster_project.domain.exports.formats.format import Digest
from dagster_project.settings import Settings
from tests.adapters.small_house import customer_ids, house, point

IDS = customer_ids(6)
GOOGLE, META = FORMATS["google_ads"].digests, FORMATS["meta"].digests


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every identifier that was hashed, in order."""
    seen: list[str] = []
    compute = Digest.digests

    def counting(self: Digest, identifiers: pa.Array) -> pa.Array:
        seen.extend(value for value in identifiers.to_pylist() if value is not None)
        return compute(self, identifiers)

    monkeypatch.setattr(Digest, "digests", counting)
    return seen


def published(settings: Settings, ids: list[str] = IDS, **changed: dict[str, str | None]) -> Version:
    return house(settings, [point(one) | changed.get(one, {}) for one in ids])


def expected(version: Version, digest: Digest) -> list[bytes | None]:
    points = version.read_vault("contact_points")
    return with_digests(points, [digest])[digest.column].to_pylist()


def right(version: Version) -> bool:
    found = digests_of(version, [*GOOGLE, *META])
    return all(found[digest.column].to_pylist() == expected(version, digest) for digest in (*GOOGLE, *META))


def test_an_identifier_is_hashed_when_it_first_appears_and_never_again(home: Settings, hashed: list[str]) -> None:
    first = published(home)
    digests_of(first, GOOGLE)
    assert len(hashed) == 4 * len(IDS), "address, number, first and last name of each"
    digests_of(first, GOOGLE)
    digests_of(published(home, IDS[::-1]), GOOGLE)
    assert len(hashed) == 4 * len(IDS), "the same customers in another order"
    changed = published(home, IDS, **{IDS[2]: {"email": "uusi@example.com"}})
    digests_of(changed, GOOGLE)
    assert hashed[4 * len(IDS) :] == ["uusi@example.com"]
    digests_of(changed, FORMATS["tiktok"].digests)
    assert len(hashed) == 4 * len(IDS) + 1, "TikTok has the rules of Google Ads: one digest serves both"
    digests_of(changed, META)
    assert len(hashed) > 4 * len(IDS) + 1, "and Meta has others"


def test_every_row_has_the_digest_of_its_own_contact_points(home: Settings) -> None:
    nothing: dict[str, str | None] = {"email": None, "phone": None, "postal_code": None}
    first = published(home)
    assert right(first)
    second = published(home, IDS[1:], **{IDS[1]: nothing})
    assert right(second)
    third = published(home, IDS, **{IDS[0]: point(IDS[3]) | {"customer_id": IDS[0]}})
    assert right(third)
    assert right(second), "an export may still hold the version before"
    assert digests_of(second, GOOGLE)[GOOGLE[0].column].to_pylist() != expected(third, GOOGLE[0]), "negative control"
    with pytest.raises(NotPublished):
        digests_of(first, GOOGLE)


def test_what_no_customer_has_any_more_is_not_kept(home: Settings) -> None:
    digests_of(published(home), GOOGLE)
    digests_of(published(home, IDS, **{IDS[0]: {"email": "uusi@example.com"}}), GOOGLE)
    kept = arrow_files.read(home.at_home.vault / "digests" / "email--lowercase_without_spaces.arrow")["identifier"]
    assert "uusi@example.com" in kept.to_pylist()
    assert point(IDS[0])["email"] not in kept.to_pylist()


def files(settings: Settings) -> list[Path]:
    return sorted((settings.at_home.vault / "digests").glob("*.arrow"))


def test_a_damaged_file_is_made_again(home: Settings, caplog: pytest.LogCaptureFixture) -> None:
    version = published(home)
    digests_of(version, GOOGLE)
    for path in files(home):
        path.write_bytes(b"ARROW1 and nothing")
    assert right(version)
    assert "example.com" not in caplog.text


def test_contact_points_replaced_in_place_are_noticed(home: Settings) -> None:
    version = published(home)
    digests_of(version, GOOGLE)
    assert version.vault_folder is not None
    path = version.vault_folder / "contact_points.parquet"
    rest = pq.read_table(path, partitioning=None).slice(1)
    path.unlink()
    pq.write_table(rest, path)
    assert right(version), "an erased row must not shift the digests of the others"


def test_the_files_are_their_owners_alone(home: Settings) -> None:
    assert keep_digests(published(home), [*GOOGLE, *GOOGLE]) == 4
    folder = home.at_home.vault / "digests"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
