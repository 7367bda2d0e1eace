"""``hoiva map``: a care model as a picture that a stranger understands in ten seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from dagster_project.commands.shared import AsJson, Home, out, print_json, settings_of


def map_(
    care_model: Annotated[
        str | None, typer.Argument(help="A care model by name, or a file of one; without it, the maps of all of them.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option("--layout", help="timeline or path: write the picture (SVG) alone, not the page.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="The file, or for all maps the folder, to write.")] = None,
    examples: Annotated[bool, typer.Option("--examples", help="Write the pictures of docs/images anew.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Draw care models from their files: a page with both layouts and every step, to look at, print and pass on.

    With counts they are published after every run: `published/maps/`. Here they are drawn without.
    """
    from dagster_project.components.drawing_maps import maps_of, shipped_models, write_examples
    from dagster_project.components.trying import model_named
    from dagster_project.domain.care_models.maps.map import map_svg

    if examples:
        _say(write_examples(), as_json)
        return
    if layout not in (None, "timeline", "path"):
        raise typer.BadParameter("is timeline or path", param_hint="--layout")
    own = settings_of(home)
    folder = to or own.at_home.root / "maps"
    if care_model is None:
        _say(_written(folder, maps_of(shipped_models())), as_json)
        return
    model = model_named(care_model)
    if layout is not None:
        chosen: Literal["timeline", "path"] = "path" if layout == "path" else "timeline"
        file = to or folder / f"{model.care_model}_{layout}.svg"
        _say(_written(file.parent, {file.name: map_svg(model, chosen)}), as_json)
        return
    page = maps_of([model])[f"{model.care_model}.html"]
    file = to or folder / f"{model.care_model}.html"
    _say(_written(file.parent, {file.name: page}), as_json)


def _written(folder: Path, files: dict[str, str]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in sorted(files)]


def _say(paths: list[Path], as_json: bool) -> None:
    if as_json:
        print_json([str(path) for path in paths])
        return
    for path in paths:
        out.print(str(path), soft_wrap=True)
