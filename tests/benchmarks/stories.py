"""Stories a minute: every story of the folders, told again of other people until there are a thousand, played at once.

Processor seconds and the clock of the wall, in one process, against the stories of a real suite: all semantics of the
language and all shipped care models.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.playing import play_told
from dagster_project.components.story import STORIES, load_stories
from dagster_project.domain.care_models.stories import Story
from dagster_project.settings import Settings

OF_SEMANTICS = Path(__file__).resolve().parents[1] / "stories"


def told_again(folder: Path, settings: Settings, count: int) -> list[Story]:
    """So many stories of a folder; where they run out they are told again of other people."""
    read = [item.as_story(settings.zone) for _, item in sorted(load_stories(folder).items.items())]
    # Other people have other luck: what hangs on a draw is not told again.
    once = [story for story in read if not story.capacity and not any(met.treatment for met in story.expected)]
    named = enumerate(islice(cycle(once), count))
    return [replace(story, story=f"{number}_{story.story}") for number, story in named]


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stories", description=__doc__)
    parser.add_argument("--stories", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", choices=["shipped", "language"], default="shipped")
    arguments = parser.parse_args()
    settings, policy = Settings(), load_contact_policy().policy
    assert policy is not None
    folder = STORIES if arguments.folder == "shipped" else OF_SEMANTICS
    stories = told_again(folder, settings, arguments.stories)
    processor, wall, passed = [], [], 0
    for _ in range(arguments.times):
        begun, began = time.process_time(), time.perf_counter()
        verdicts = play_told(settings, policy, stories, folder)
        processor.append(time.process_time() - begun)
        wall.append(time.perf_counter() - began)
        passed = sum(verdict.passed for verdict in verdicts)
    seconds = statistics.median(processor)
    figures = {
        "stories": len(stories),
        "passed": passed,
        "seconds_cpu": round(seconds, 1),
        "seconds_wall": round(statistics.median(wall), 1),
        "stories_a_minute": round(60 * len(stories) / seconds),
    }
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
