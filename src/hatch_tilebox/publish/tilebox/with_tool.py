"""The Tilebox API as a destination, with releases published by Tilebox's own command-line tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.short_forms import short_list
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.publish.tilebox.api import TileboxApi
from hatch_tilebox.publish.tilebox.messages import file_paths, release_tasks
from hatch_tilebox.publish.tilebox.project_folder import release_paths, unpack_project
from hatch_tilebox.publish.tilebox.tool import PUBLISH_LIMIT, ReleaseTool

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import LocalRelease, PublishedRelease
    from hatch_tilebox.publish.http.retries import Retries

_NAMED = 5
"""Tasks or files that an error names."""


class TileboxWithTool(TileboxApi):
    """The API at `url`, with the tool at `program` as the way to publish.

    The tool computes a fingerprint and a digest of its own, so only the tool can say whether a release is there.
    """

    finds_content = False
    """Tilebox computes another fingerprint than the manifest's, so only the tool knows whether the release exists."""

    def __init__(
        self,
        url: str,
        key: str,
        program: Path,
        *,
        limit: float = PUBLISH_LIMIT,
        retries: Retries | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(url, key, retries=retries, progress=progress)
        self._tool = ReleaseTool(program, self.url, key, self._http.mask, limit=limit)
        self._before: frozenset[str] = frozenset()
        self._published: dict[str, PublishedRelease] = {}

    def find(self, release: LocalRelease) -> PublishedRelease | None:
        """Return the release if this run has published it."""
        return self._published.get(release.artifact.sha256)

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        """Publish the release with the tool and return its id.

        Raises PublishError if the workflow does not exist, the tool fails, or what it packed is not this release.
        """
        self._before = frozenset(each.id for each in self.releases(release.workflow))
        with temporary_folder() as folder:
            answer = self._tool.publish(unpack_project(release, folder), lambda line: progress.result("tilebox", line))
        if answer.message:
            progress.result("tilebox", answer.message)
        self._require_same(release, answer.id, "the tool", answer.tasks, answer.files)
        return answer.id

    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool]:
        """Read the release back, and return it and whether it is new. Raises PublishError if it is not this release."""
        found = next((each for each in self.releases(release.workflow) if each.id == uploaded), None)
        if found is None:
            message = f"the tool published {release.workflow!r} as release {uploaded}, which {self.url} does not list"
            raise PublishError(Problem(message, hint="check that the tool and hatch-tilebox use the same account and API URL"))
        read = self._release(release.workflow, uploaded)
        files = file_paths(read.get("content", {}).get("files"))
        self._require_same(release, uploaded, self.url, release_tasks(read), files)
        found = self._published[release.artifact.sha256] = self._note_version(release, found)
        return found, uploaded not in self._before

    def _require_same(
        self,
        release: LocalRelease,
        identifier: str,
        where: str,
        tasks: AbstractSet[tuple[str, str]] | None,
        files: AbstractSet[str] | None,
    ) -> None:
        """Raise PublishError if tasks or files are not those of the release. None is not compared."""
        own_tasks = frozenset((task.name, task.version) for task in release.manifest.tasks)
        own_files = release_paths(release.manifest)
        found = (
            [
                *_differences("task", where, [f"{name} {version}" for name, version in own_tasks - tasks], "does not have"),
                *_differences("task", where, [f"{name} {version}" for name, version in tasks - own_tasks], "has"),
            ]
            if tasks is not None
            else []
        )
        if files is not None:
            found += _differences("file", where, own_files - files, "does not have")
            found += _differences("file", where, files - own_files, "has")
        if found:
            remove = f"hatch-tilebox unpublish --to {self.to} --workflow {release.workflow} --release {identifier}"
            message = f"release {identifier} is not the one in {release.artifact.path.name}: {'; '.join(found)}"
            raise PublishError(Problem(message, hint=f"nothing was deployed; remove it with: {remove}"))


def _differences(kind: str, where: str, names: AbstractSet[str] | list[str], verb: str) -> list[str]:
    """Return one text about names that are on one side only, or none."""
    if not names:
        return []
    return [f"{where} {verb} {kind}{'' if len(names) == 1 else 's'} {short_list([*map(repr, sorted(names))], _NAMED)}"]
