"""The automation maps of all care models: drawn from their files, with live counts where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.components.care_model import load_care_models
from dagster_project.settings import CHECKOUT

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.domain.care_models import CareModel

EXAMPLES = CHECKOUT / "docs" / "images" / "care_models"


def shipped_models() -> list[CareModel]:
    """Every care model whose file is right, by name."""
    return [item.as_model() for _, item in sorted(load_care_models().items.items())]


def maps_of(models: list[CareModel], standings: pa.Table | None = None, path: pa.Table | None = None) -> dict[str, str]:
    """Every map as a file: a picture and a page for each care model, and the overview.

    Args:
        models: the care models.
        standings: ``STANDINGS``, for live counts; None draws the models alone.
        path: the transitions that hold.

    Returns:
        file name to text.
    """
    from dagster_project.domain.care_models.maps.counts import Counts, counts_of
    from dagster_project.domain.care_models.maps.map import map_svg
    from dagster_project.domain.care_models.maps.overview import overview_page, overview_svg, shared_customers
    from dagster_project.domain.care_models.maps.page import map_page

    counts: Mapping[str, Counts] = {}
    shared = None
    if standings is not None and path is not None:
        counts = {model.care_model: counts_of(model.care_model, standings, path) for model in models}
        shared = shared_customers(standings)
    files = {}
    for model in models:
        own = counts.get(model.care_model)
        files[f"{model.care_model}.svg"] = map_svg(model, "timeline", own)
        files[f"{model.care_model}_path.svg"] = map_svg(model, "path", own)
        files[f"{model.care_model}.html"] = map_page(model, own)
    files["overview.svg"] = overview_svg(models, counts or None)
    files["overview.html"] = overview_page(models, counts or None, shared)
    return files


def examples() -> dict[Path, str]:
    """The maps kept in the documents: drawn from the shipped files alone."""
    return {EXAMPLES / name: text for name, text in maps_of(shipped_models()).items() if name.endswith(".svg")}


def write_examples() -> list[Path]:
    """Write the maps of the documents anew; those of care models that are gone go with them."""
    files = examples()
    EXAMPLES.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    for path in EXAMPLES.glob("*.svg"):
        if path not in files:
            path.unlink()
    return sorted(files)
