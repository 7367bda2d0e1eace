"""Stories and the care models they are about, found in their files and played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.components.care_model import CareModelFile, context_of, load_care_models, model_of
from dagster_project.components.fenced import load_file
from dagster_project.components.story import STORIES, StoryFile, load_stories
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.domain.care_models import CareModel
    from dagster_project.domain.care_models.stories import Story, Verdict
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings


def play_files(
    settings: Settings,
    policy: ContactPolicy,
    files: Sequence[Path] = (),
    names: Sequence[str] = (),
    told: Callable[[int, int], None] = lambda number, all_: None,
    folder: Path = STORIES,
) -> tuple[list[Verdict], list[str]]:
    """Play stories of a folder, or those of some files.

    Args:
        settings: for the business zone and the holdout's share.
        policy: the contact policy.
        files: files of stories; when given, they are played instead of the folder.
        names: of stories or care models; without any all are played.
        told: called with the stories played since and the number of all.
        folder: where the shipped stories stand.

    Returns:
        the verdicts by care model and story, and what is wrong with files that could not be read.
    """
    found: list[tuple[Story, Path]] = []
    faults: list[str] = []
    if files:
        for path in files:
            read = load_file(path, StoryFile)
            if isinstance(read, list):
                faults.extend(map(str, read))
            else:
                found.append((read[0].as_story(settings.zone), path.parent))
    else:
        loaded = load_stories(folder)
        faults.extend(map(str, loaded.faults))
        found = [(item.as_story(settings.zone), folder) for _, item in sorted(loaded.items.items())]
    asked = [each for each in found if not names or {each[0].story, each[0].care_model} & set(names)]
    asked.sort(key=lambda each: (each[0].care_model, each[0].story))
    verdicts: list[Verdict] = []
    for place in dict.fromkeys(where for _, where in asked):
        here = [one for one, where in asked if where == place]
        verdicts.extend(play_told(settings, policy, here, place, lambda number: told(number, len(asked))))
    return sorted(verdicts, key=lambda each: (each.story.care_model, each.story.story)), faults


def play_told(
    settings: Settings, policy: ContactPolicy, stories: Sequence[Story], folder: Path,
    told: Callable[[int], None] = lambda _: None, every_night: bool = False,
) -> list[Verdict]:  # fmt: skip
    """Play stories that were read already, whose care models are shipped or stand beside a folder.

    Args:
        settings: for the business zone and the holdout's share.
        policy: the contact policy.
        stories: any number, each of a name of its own.
        folder: where files of care models are looked for.
        told: called with the number of stories played since.
        every_night: play quiet nights, too.
    """
    from dagster_project.adapters.stories import play

    return play(settings, stories, policy, _finder(folder), model_of, told, every_night)


def _finder(folder: Path) -> Callable[[str, str | None], CareModel]:
    """Finds a story's care model: among the shipped ones, or in a file beside the story."""

    @lru_cache
    def shipped() -> dict[str, CareModelFile]:
        return load_care_models().items

    @lru_cache
    def context() -> dict[str, Any]:
        return context_of()

    @lru_cache
    def model_named(name: str, file: str | None) -> CareModel:
        if file is None:
            if name not in shipped():
                raise HoivaError(f"there is no care model {name!r}; known: {', '.join(shipped())}")
            return shipped()[name].as_model()
        read = load_file(folder / file, CareModelFile, context())
        if isinstance(read, list):
            raise HoivaError("; ".join(map(str, read)))
        if read[0].care_model != name:
            raise HoivaError(f"{file} is the care model {read[0].care_model}, not {name}")
        return read[0].as_model()

    return model_named
