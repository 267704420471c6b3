"""This machine's note of deployments, for destinations that keep no history: which releases a cluster had, in order."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_dir

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.publish.files import new_file, shared_lock

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT = 20
"""Releases that are kept for a cluster."""
_MAX_FILE = 4 * 2**20


def notes_file(environ: Mapping[str, str] | None = None) -> Path:
    """Return the file of the note: below HATCH_TILEBOX_STATE_DIR, or the user's folder for state."""
    environ = os.environ if environ is None else environ
    folder = environ.get("HATCH_TILEBOX_STATE_DIR") or user_state_dir("hatch-tilebox", appauthor=False)
    return Path(folder) / "deployments.json"


class DeploymentNotes:
    """The note in the file `path`: destination, cluster and workflow to the ids of releases, the last one first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, url: str, cluster: str, workflow: str) -> tuple[str, ...]:
        """Return the ids of the releases that this machine deployed or replaced there, the last one first."""
        return tuple(self._load().get(_key(url, cluster, workflow), []))

    def add(self, url: str, cluster: str, workflow: str, releases: tuple[str | None, ...]) -> None:
        """Add releases in the order in which they ran there. Raises PublishError if the note cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with shared_lock(self.path.with_suffix(".lock")):
                notes = self._load()
                known = notes.get(_key(url, cluster, workflow), [])
                for release in releases:
                    if release and known[:1] != [release]:
                        known = [release, *known]
                notes[_key(url, cluster, workflow)] = known[:_KEPT]
                with new_file(self.path, self.path.parent) as file:
                    file.write(json.dumps(notes, indent=2).encode() + b"\n")
        except OSError as error:
            raise PublishError(Problem(f"{self.path} cannot be written: {error.strerror}", code="TBX516")) from error

    def _load(self) -> dict[str, list[str]]:
        """Return the note, empty if it is missing or damaged: it is a convenience."""
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


def _key(url: str, cluster: str, workflow: str) -> str:
    return f"{url} {cluster} {workflow}"
