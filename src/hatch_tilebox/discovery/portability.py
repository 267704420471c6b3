"""Check that a release runner can use the lock and the sources of a release: they must not depend on this machine.

uv accepts a lock only if its configuration names every index in the lock, and if the options are those that the lock was created
with. So the lock is compared with the configuration in the release. Two differences are warnings: an index that replaces PyPI,
which release runners in closed networks have, too; and a Git repository at a path, which may be mounted there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from hatch_tilebox.core.constants import UV_FILES
from hatch_tilebox.core.errors import Fix, Location, Problem
from hatch_tilebox.core.suggestions import include_hint
from hatch_tilebox.core.toml_document import read_values
from hatch_tilebox.discovery.diagnose.sources import (
    ONLY_HERE,
    WAYS,
    WAYS_OF_FOLDERS,
    misplaced,
    not_selected,
    only_here,
    sources_left_out,
)
from hatch_tilebox.discovery.lock_summary import is_url, reach_of, summarize
from hatch_tilebox.discovery.uv_settings import (
    MachineSetting,
    ReleaseSettings,
    machine_settings,
    place_of,
    release_settings,
    split_url,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.core.uv_lock import UvLock
    from hatch_tilebox.discovery.lock_summary import LockSource, LockSummary

LOCK = Location("uv.lock")
_OPTIONS = {"resolution-mode": "resolution", "prerelease-mode": "prerelease", "exclude-newer-span": "exclude-newer"}
_MANIFEST = {
    "constraints": "constraint-dependencies",
    "overrides": "override-dependencies",
    "excludes": "exclude-dependencies",
    "build-constraints": "build-constraint-dependencies",
    "dependency-metadata": "dependency-metadata",
}
_IGNORED = "a release runner drops the lock for that"


class Portability(NamedTuple):
    """The problems that a release has on other machines."""

    errors: list[Problem]
    warnings: list[Problem]


def check_portability(files: FileSet, lock: UvLock | None) -> Portability:
    """Return the dependencies on this machine in the lock, and in the sources that `pyproject.toml` declares."""
    return check_summary(files, None if lock is None else summarize(lock))


def check_summary(files: FileSet, lock: LockSummary | None) -> Portability:
    """Return the same as `check_portability` from the summary of the lock."""
    problems = Portability([], [])
    sources = sources_left_out(files)
    release, machine = release_settings(files), machine_settings()
    if lock is None:
        problems.errors.extend(problem for problem in sources.values() if ONLY_HERE in problem.message)
        problems.errors.extend(_declared(files, release, None))
        return problems
    problems.errors.extend(_unselected_configuration(files))
    problems.errors.extend(_unselected_links(lock, files))
    problems.warnings.extend(_declared(files, release, lock))
    problems.errors.extend(_options(lock, release, machine))
    for source in lock.sources:
        known = [sources[name] for name in source.packages if name in sources]
        if is_url(source.written):
            _check_url(source, release, machine, problems)
        elif source.kind != "git" and (problem := _path_problem(source, files, machine)):
            problems.errors.append(known[0] if known else problem)
        elif source.kind == "git" and Path(source.written).is_absolute():
            problems.warnings.append(_local_problem(source, machine))
    return problems


def _declared(files: FileSet, release: ReleaseSettings, lock: LockSummary | None) -> Iterator[Problem]:
    """Indexes and links in the release that other machines cannot reach and that no package in `lock` comes from."""
    used = {place_of(source.written) for source in lock.sources} if lock else set()
    named = Location("uv.toml" if "uv.toml" in files.paths else "pyproject.toml")
    consequence = "nothing in uv.lock comes from it" if lock else "a release runner resolves the dependencies, and looks there"
    for place in sorted(release.places - used):
        url = is_url(place)
        outside = not url and not Path(os.path.normpath(files.root / place)).is_relative_to(files.root)
        if outside or Path(place).is_absolute() or (url and reach_of(place) in {"file", "loopback"}):
            yield Problem(
                f"{place} is {ONLY_HERE}: {consequence}",
                "remove it, or name one that release runners can reach",
                named,
                code="TBX203",
            )


def _unselected_links(lock: LockSummary, files: FileSet) -> Iterator[Problem]:
    """Packages in the lock that come from a folder of the project whose files are not selected."""
    selected = files.paths
    for package, *paths in lock.in_project:
        if selected.isdisjoint(paths):
            yield not_selected(package, paths[0], paths[0], LOCK)


def _check_url(source: LockSource, release: ReleaseSettings, machine: Sequence[MachineSetting], problems: Portability) -> None:
    place = place_of(source.written)
    reach = reach_of(source.written)
    if reach == "file":
        # The repository may be mounted on the runners, too, and the lock pins the commit.
        (problems.warnings if source.kind == "git" else problems.errors).append(_local_problem(source, machine))
    elif reach == "loopback":
        message = f"{source.names} comes from {place}{_origin(place, machine)}: only this machine can reach it"
        problems.errors.append(Problem(message, f"{WAYS}; then run `uv lock`", LOCK, code="TBX203"))
    elif source.kind == "registry" and place not in release.places:
        _check_index(source, place, machine, problems)
    elif reach == "private":
        message = f"{source.names} comes from {place}: only release runners in the same network reach that address"
        problems.warnings.append(Problem(message, None, LOCK, code="TBX205"))


def _check_index(source: LockSource, place: str, machine: Sequence[MachineSetting], problems: Portability) -> None:
    """Check an index that the release does not name."""
    fix = f'name it in pyproject.toml, then run `uv lock`: index = [{{ url = "{place}"'
    given = next((item for item in machine if item.key in {"default-index", "index"} and place_of(item.value) == place), None)
    if given is not None and given.key == "default-index":
        message = f"it names the index {place}, which {given.origin} sets on this machine"
        consequence = "a release runner takes the lock only where the same index is set"
        fix += ", default = true"
        found = problems.warnings
    else:
        where = f"which only {given.origin} on this machine sets" if given else "which the release does not name"
        message, consequence = f"{source.names} comes from the index {place}, {where}", _IGNORED
        found = problems.errors
    found.append(Problem(f"{message}: {consequence}", f"{fix} }}] under [tool.uv]", LOCK, code="TBX205"))


def _origin(place: str, machine: Sequence[MachineSetting]) -> str:
    given = next((item for item in machine if isinstance(item.value, str) and place_of(item.value) == place), None)
    return f" (set by {given.origin})" if given else ""


def _local_problem(source: LockSource, machine: Sequence[MachineSetting]) -> Problem:
    path = unquote(split_url(source.written).path) if is_url(source.written) else source.written
    return only_here(source.names, f"{source.written}{_origin(path, machine)}", LOCK)


def _path_problem(source: LockSource, files: FileSet, machine: Sequence[MachineSetting]) -> Problem | None:
    """The problem of a `source` whose path a release runner cannot find."""
    where = '"{}" there'
    if source.kind == "registry" and any(item.key == "find-links" for item in machine):
        where = '`find-links = ["{}"]` under [tool.uv] in pyproject.toml'
    return misplaced(
        source.names,
        source.written,
        files.root,
        LOCK,
        ways=WAYS if source.kind == "registry" else WAYS_OF_FOLDERS,
        rewrite=f"write {where}, select its files, and run `uv lock`",
        origin=_origin(source.written, machine),
    )


def _options(lock: LockSummary, release: ReleaseSettings, machine: Sequence[MachineSetting]) -> Iterator[Problem]:
    """Options that the lock was created with, and that the release does not set."""
    locked = {_OPTIONS.get(key, key): f"`{_OPTIONS.get(key, key)}`" for key in lock.options}
    locked |= {_MANIFEST[key]: f"`{_MANIFEST[key]}`" for key in lock.manifest if key in _MANIFEST}
    for key, shown in locked.items():
        if key in release.values:
            continue
        given = next((item for item in machine if item.key == key), None)
        where = f"{given.origin} sets on this machine" if given else "was set where it was created"
        value = f" = {given.value!r}" if given and isinstance(given.value, str) else ""
        hint = f"set `{key}{value}` under [tool.uv] in pyproject.toml".replace("'", '"') + ", or unset it; then run `uv lock`"
        yield Problem(f"it was created with {shown}, which {where} and the release does not: {_IGNORED}", hint, LOCK, code="TBX205")


def _unselected_configuration(files: FileSet) -> Iterator[Problem]:
    """Configuration that the lock was created with, and that is not selected."""
    for path in UV_FILES:
        if not files.left_out(path) or (path == "uv.toml" and not read_values(files.root / path)):
            continue
        what = "the configuration of uv" if path == "uv.toml" else "the version of Python"
        message = (
            f"uv.lock is selected, and {path} beside it is not: a release runner does not know {what} that it was created with"
        )
        yield Problem(message, include_hint(path), Location(path), code="TBX205", fix=Fix.include(path))
