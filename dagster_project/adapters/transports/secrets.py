"""Passwords, keys and tokens of destinations: from the environment, or from one file its owner alone can read.

``HOIVA_SECRET_<DESTINATION>_<NAME>`` comes first; then the file that the setting ``secrets_file`` names:

    printing_house:
      private_key_file: /srv/keys/printing_house

They are read each time they are needed, so that one that was changed counts at once, and never kept or shown.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from dagster_project.errors import HoivaError
from dagster_project.settings import SECRET_PREFIX

if TYPE_CHECKING:
    from dagster_project.settings import Settings

OTHERS = 0o077  # rights of anybody but the owner


class Secrets:
    """The secrets of one destination."""

    def __init__(self, settings: Settings, destination: str) -> None:
        self._file = settings.secrets_file
        self._destination = destination

    def find(self, name: str) -> str | None:
        """A secret, or None when there is none.

        Raises:
            HoivaError: the file of secrets is not there, can be read by others, or is not as it should be.
        """
        given = os.environ.get(f"{SECRET_PREFIX}{self._destination.upper()}_{name.upper()}")
        if given is not None:
            return given
        if self._file is None:
            return None
        value = _read(self._file).get(self._destination, {}).get(name)
        return None if value is None else str(value)

    def need(self, name: str) -> str:
        """A secret that there must be.

        Raises:
            HoivaError: there is none; the message says where it belongs.
        """
        value = self.find(name)
        if not value:
            raise HoivaError(
                f"{self._destination} has no {name}: set {SECRET_PREFIX}{self._destination.upper()}_{name.upper()}, "
                "or write it to the file that the setting secrets_file names"
            )
        return value


def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        if path.stat().st_mode & OTHERS:
            raise HoivaError("the file of secrets can be read by others: chmod 600 it")
        read = yaml.safe_load(path.read_bytes())
    except OSError:
        raise HoivaError("the file that the setting secrets_file names cannot be read") from None
    except yaml.YAMLError:
        raise HoivaError("the file of secrets is not YAML: write a destination, and its secrets below it") from None
    if not isinstance(read, dict) or not all(isinstance(of_one, dict) for of_one in read.values()):
        raise HoivaError("the file of secrets is not as agreed: write a destination, and its secrets below it")
    return read
