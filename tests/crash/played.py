"""A house in the morning, and the same house after a day that nobody killed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.crash.killed import copy_of


@dataclass(frozen=True)
class Played:
    """A house in the morning, and the same house after a day that nobody killed."""

    morning: Path
    evening: Path
    folder: Path

    def killed(self, name: str = "home") -> Path:
        """A home to ruin."""
        return copy_of(self.morning, self.folder / name)
