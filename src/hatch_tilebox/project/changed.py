"""The projects of a repository whose release would differ from the one of a commit.

The answer comes from the files that go into the releases: those that the configuration of each side selects, and those of the local
packages that the option `vendor` puts in, with the part of the lock that a project needs. No code runs, and nothing is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hatch_tilebox.core.constants import CONFIG_NAME, LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import TileboxError
from hatch_tilebox.core.short_forms import short_list
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.project.git import open_repository
from hatch_tilebox.project.release_inputs import CommitSide, ReleaseInputs, WorkingSide
from hatch_tilebox.project.repository import find_projects, projects_below
from hatch_tilebox.project.vendor.configuration import generated_pyproject
from hatch_tilebox.project.vendor.locked import locked_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.uv_lock import UvLock
    from hatch_tilebox.project.release_inputs import Side
    from hatch_tilebox.project.vendor.local_packages import LocalSources

    Read: TypeAlias = ReleaseInputs | TileboxError

_NAMED = 5
"""Names of a kind that a reason has."""


@dataclass(frozen=True)
class ProjectChange:
    """A project, and why its release would differ, in words. Without reasons the release would be the same."""

    path: Path
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """The projects below a folder, compared with the commit `base`. `removed` are the folders of projects that only `base` has."""

    base: str
    projects: tuple[ProjectChange, ...]
    removed: tuple[Path, ...]

    @property
    def changed(self) -> tuple[Path, ...]:
        """The projects whose release would differ."""
        return tuple(project.path for project in self.projects if project.reasons)


def find_changes(root: Path, ref: str | None = None) -> Changes:
    """Return the projects below `root`, compared with those of the commit `ref`; files of the working tree count as they are.

    `ref` of None is the newest commit that HEAD and the default branch have in common. A new project counts as changed, and so does
    one that cannot be read. Raises ConfigError if there is no project, no repository or no such commit.
    """
    root = root.resolve()
    projects = find_projects(root)
    repository = open_repository(root)
    commit = repository.commit(ref) if ref else repository.merge_base()
    tree = repository.tree(commit)
    with temporary_folder() as folder:
        locks: dict[bytes, UvLock] = {}
        old_side = CommitSide(repository, tree, folder / "commit", locks)
        new_side = WorkingSide(repository, tree, repository.differing(commit), locks)
        old = {path.relative_to(old_side.top): path for path in projects_below(old_side.top / root.relative_to(repository.top))}
        new = {path.relative_to(repository.top): path for path in projects}
        before = {path: _read(old_side, old[path]) for path in old}
        after = {path: _read(new_side, new[path]) for path in new}
        moved = _moved(before, after)
        found = tuple(
            ProjectChange(new[path], _reasons(before.get(moved.get(path, path)), inputs)) for path, inputs in sorted(after.items())
        )
    removed = sorted(old.keys() - new.keys() - {*moved.values()})
    return Changes(commit, found, tuple(repository.top / path for path in removed))


def _read(side: Side, folder: Path) -> Read:
    try:
        return side.read(folder)
    except TileboxError as error:
        return error


def _moved(before: Mapping[Path, Read], after: Mapping[Path, Read]) -> dict[Path, Path]:
    """Return the earlier folder of each project that has the slug of a project whose folder has gone."""
    gone = {
        inputs.workflow.slug: path for path, inputs in before.items() if path not in after and isinstance(inputs, ReleaseInputs)
    }
    return {
        path: gone[inputs.workflow.slug]
        for path, inputs in after.items()
        if path not in before and isinstance(inputs, ReleaseInputs) and inputs.workflow.slug in gone
    }


def _reasons(old: Read | None, new: Read) -> tuple[str, ...]:
    if isinstance(new, TileboxError):
        return (f"cannot be read: {new.problems[0].message}",)
    if old is None:
        return ("new project",)
    if isinstance(old, TileboxError):
        return (f"could not be read before: {old.problems[0].message}",)
    return tuple(_differences(old, new))


def _differences(old: ReleaseInputs, new: ReleaseInputs) -> Iterable[str]:
    if old.workflow != new.workflow:
        yield f"[workflow] in {CONFIG_NAME}"
    if old.metadata != new.metadata:
        yield "the name, the version or requires-python of the project"
    yield from _names("changed", (path for path in old.files if path in new.files and old.files[path] != new.files[path]))
    yield from _names("new", new.files.keys() - old.files.keys())
    yield from _names("removed", old.files.keys() - new.files.keys())
    names = old.packages.keys() | new.packages.keys()
    yield from _names("packages", (name for name in names if old.packages.get(name) != new.packages.get(name)))
    if old.sources and new.sources:
        yield from _generated(old.sources, new.sources)
    elif old.sources or new.sources:
        yield "packages that go in as wheels"


def _generated(old: LocalSources, new: LocalSources) -> Iterable[str]:
    """Compare what the generated files of two releases are made from."""
    if old.lock.values != new.lock.values:
        before, after = (locked_for(sources.lock, sources.name) for sources in (old, new))
        names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        yield from _names(LOCK_NAME, (name or "settings" for name in names))
    if _configuration(old) != _configuration(new) and _generated_text(old) != _generated_text(new):
        yield f"changed: {PYPROJECT_NAME}"


def _configuration(sources: LocalSources) -> Sequence[Any]:
    """Return everything that the generated `pyproject.toml` is made from; comparing it is faster than generating the file."""
    files = [folder / PYPROJECT_NAME for folder in (sources.root, sources.lock_root)]
    return [
        *(path.read_bytes() if path.is_file() else b"" for path in files),
        sources.requires_python,
        [(package.name, package.direct) for package in sources.packages],
    ]


def _generated_text(sources: LocalSources) -> str:
    return generated_pyproject(sources, {package.name: package.name for package in sources.packages})


def _names(kind: str, names: Iterable[str]) -> Iterable[str]:
    if found := sorted(names):
        yield f"{kind}: {short_list(found, _NAMED)}"
