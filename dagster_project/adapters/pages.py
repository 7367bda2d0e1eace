"""Where pages lie between the run that makes them and the publishing that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.adapters.durable import make_folder, replace_file
from dagster_project.domain.clock import business_date
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.settings import Settings


MAPS = "maps"  # the folder of the automation maps, beside those of the months


def month_of(as_of: datetime, settings: Settings) -> str:
    """The month a page of this moment belongs to: ``2026-03``."""
    return f"{business_date(as_of, settings.zone):%Y-%m}"


def write_page(settings: Settings, name: str, as_of: datetime, html: str) -> Path:
    """Keep a page for its month; a later one of the same month takes its place. Publishing shows it.

    Args:
        settings: for the home and the business zone.
        name: of the page: ``base_xray``.
        as_of: the moment it is about.
        html: of :func:`dagster_project.domain.pages.render`.

    Returns:
        where readers will find it once it is published.
    """
    month = month_of(as_of, settings)
    folder = make_folder(settings.at_home.reports / month)
    replace_file(folder / f"{name}.html", html.encode())
    return published_page(settings, name, as_of)


def published_page(settings: Settings, name: str, as_of: datetime) -> Path:
    """Where a page of a moment's month is read."""
    return settings.at_home.published / "reports" / month_of(as_of, settings) / f"{name}.html"


def write_maps(settings: Settings, files: Mapping[str, str]) -> None:
    """Keep the automation maps until publishing shows them; maps of care models that are gone go with them.

    Args:
        settings: for the home.
        files: ``welcome.svg``, ``welcome.html`` ... to their text.
    """
    folder = make_folder(settings.at_home.reports / MAPS)
    for name, text in sorted(files.items()):
        replace_file(folder / name, text.encode())
    for left_over in folder.iterdir():
        if left_over.name not in files:
            left_over.unlink()


def published_map(settings: Settings, file: str) -> Path:
    """Where a map is read once it is published: ``published/maps/welcome.html``."""
    return settings.at_home.published / MAPS / file


def pages_to_publish(settings: Settings) -> dict[str, bytes]:
    """Every page of every month so far, by ``month/page``, and the newest maps, by ``maps/file``."""
    folder = settings.at_home.reports
    pages = [file for file in sorted(folder.glob("*/[a-z]*.html")) if file.parent.name != MAPS]
    maps = sorted((folder / MAPS).glob("[a-z]*.*"))
    return {f"{file.parent.name}/{file.stem}": file.read_bytes() for file in pages} | {
        f"{MAPS}/{file.name}": file.read_bytes() for file in maps
    }


def find_pages(settings: Settings) -> dict[str, Path]:
    """The pages that are published, by ``month/page``, oldest month first.

    Raises:
        HoivaError: none is.
    """
    folder = settings.at_home.published / "reports"
    found = {f"{file.parent.name}/{file.stem}": file for file in sorted(folder.glob("*/*.html"))}
    if not found:
        raise HoivaError("there are no pages yet; run hoiva run first")
    return found


def choose_pages(settings: Settings, name: str | None, month: str | None) -> list[dict[str, str]]:
    """The published pages a person asks for: the newest month's, unless another is named.

    Args:
        settings: for the home.
        name: of one page; None: all of them.
        month: ``2026-03``; None: of one page its newest month, otherwise every month.

    Returns:
        name, month and path of each, oldest month first.

    Raises:
        HoivaError: there is no such page, with the pages and months there are.
    """
    pages = []
    for key, path in find_pages(settings).items():
        of_month, _, own_name = key.partition("/")
        pages.append({"name": own_name, "month": of_month, "path": str(path)})
    chosen = [page for page in pages if name in (None, page["name"]) and month in (None, page["month"])]
    if not chosen:
        names = ", ".join(sorted({page["name"] for page in pages}))
        months = f"{pages[0]['month']} to {pages[-1]['month']}"
        raise HoivaError(f"there is no page {name or ''} of {month or 'any month'}; there are {names}, {months}")
    return chosen[-1:] if name and month is None else chosen
