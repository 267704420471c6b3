"""This machine's notes, for destinations that do not keep what they note: what clusters had, and versions of releases."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_dir

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.publish.files import new_file, shared_lock

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_DEPLOYMENTS = 20
"""Releases that are kept for a cluster."""
_MAX_VERSIONS = 1000
"""Releases that are kept for a workflow."""
_PARTS = 3
_MAX_FILE = 4 * 2**20


class _Notes:
    """Lists of texts by key, in the JSON file `path`.

    By default it is the file `NAME` in the folder HATCH_TILEBOX_STATE_DIR, or in the user's folder for state.
    """

    NAME = ""

    def __init__(self, path: Path | None = None) -> None:
        folder = os.environ.get("HATCH_TILEBOX_STATE_DIR") or user_state_dir("hatch-tilebox", appauthor=False)
        self.path = path or Path(folder, self.NAME)

    def _load(self) -> dict[str, list[str]]:
        """Return the lists, none if the file is missing or damaged: a note is a convenience."""
        try:
            with self.path.open("rb") as file:
                value = parse_json(file.read(_MAX_FILE))
        except (OSError, ValueError):
            return {}
        if not isinstance(value, dict):
            return {}
        return {
            key: [str(item) for item in items]
            for key, items in value.items()
            if isinstance(items, list) and all(isinstance(item, str) for item in items)
        }

    def _change(self, key: str, change: Callable[[list[str]], list[str]]) -> None:
        """Replace the list at `key` by its `change`. Raises PublishError if the file cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with shared_lock(self.path.with_suffix(".lock")):
                notes = self._load()
                notes[key] = change(notes.get(key, []))
                with new_file(self.path, self.path.parent) as file:
                    file.write(json.dumps(notes, indent=2).encode() + b"\n")
        except OSError as error:
            raise PublishError(Problem(f"{self.path} cannot be written: {error.strerror}", code="TBX516")) from error


class DeploymentNotes(_Notes):
    """The note of deployments: destination, cluster and workflow to the ids of releases, the last one first."""

    NAME = "deployments.json"

    def read(self, url: str, cluster: str, workflow: str) -> tuple[str, ...]:
        """Return the ids of the releases that this machine deployed or replaced there, the last one first."""
        return tuple(self._load().get(f"{url} {cluster} {workflow}", []))

    def add(self, url: str, cluster: str, workflow: str, releases: tuple[str | None, ...]) -> None:
        """Add releases in the order in which they ran there. Raises PublishError if the note cannot be written."""

        def added(known: list[str]) -> list[str]:
            for release in releases:
                if release and known[:1] != [release]:
                    known = [release, *known]
            return known[:_MAX_DEPLOYMENTS]

        self._change(f"{url} {cluster} {workflow}", added)


@dataclass(frozen=True)
class NotedRelease:
    """What a release was published from: the version of the project, and the digest of the archive."""

    version: str
    digest: str


class VersionNotes(_Notes):
    """The note of versions: destination and workflow to the releases that this machine published, the last one first.

    The Tilebox API does not keep the version of the project that a release was built from.
    """

    NAME = "versions.json"

    def read(self, url: str, workflow: str) -> dict[str, NotedRelease]:
        """Return what releases were published from, by their ids."""
        items = (item.split(" ") for item in self._load().get(f"{url} {workflow}", []))
        return {item[0]: NotedRelease(item[1], item[2]) for item in items if len(item) == _PARTS}

    def add(self, url: str, workflow: str, release: str, noted: NotedRelease) -> None:
        """Add a release. Raises PublishError if the note cannot be written."""
        item = f"{release} {noted.version} {noted.digest}"
        self._change(f"{url} {workflow}", lambda known: [item, *(other for other in known if other != item)][:_MAX_VERSIONS])
