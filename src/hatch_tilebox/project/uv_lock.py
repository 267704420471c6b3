"""What a look at a `uv.lock` tells about its fit to `pyproject.toml`.

uv itself knows all, but may need a network for it, and the backend of a project whose metadata is dynamic.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Location, Problem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["lock_fault"]

_LOCK = Location("uv.lock")


def lock_fault(lock: str, project: Mapping[str, Any]) -> Problem | None:
    """Why the text of a lock cannot fit a `[project]` table: damage, another name or version, other dependencies.

    None where it may fit. Looks at names, not at version ranges, which can be written in several ways.
    """
    if re.search(r"^(<<<<<<<|>>>>>>>)", lock, re.MULTILINE):
        hint = "take one side, as with `git checkout --theirs uv.lock`, then run: uv lock"
        return Problem("a merge left conflicts in it", hint, _LOCK)
    own = _normalized(str(project["name"]))
    try:
        entry = _entry(lock, own)
        reasons = [f"it has no entry for {own}"] if entry is None else list(_differences(entry, own, project))
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, RecursionError, TypeError):
        return Problem(f"its entry for {own} is damaged", "remove the file, then run: uv lock", _LOCK)
    return Problem(f"it is stale: {'; '.join(reasons)}", "run: uv lock", _LOCK) if reasons else None


def _differences(entry: Mapping[str, Any], own: str, project: Mapping[str, Any]) -> Iterator[str]:
    dynamic = project.get("dynamic", [])
    locked, version = entry.get("version"), project.get("version")
    if locked and version and not _same_version(locked, version):
        yield f"it is for version {locked} of {own}, not {version}"
    if "dependencies" not in dynamic and "optional-dependencies" not in dynamic:
        known = {item["name"] for item in entry.get("metadata", {}).get("requires-dist", [])} - {own}
        extras = project.get("optional-dependencies", {}).values()
        wanted = _names(project.get("dependencies", [])).union(*map(_names, extras)) - {own}
        yield from (f"it lacks {name}" for name in sorted(wanted - known))
        yield from (f"it has {name}, which is no dependency any more" for name in sorted(known - wanted))


def _entry(lock: str, name: str) -> dict[str, Any] | None:
    """What the lock says about the project. uv writes the file, so its form is known, and the rest of it need not be parsed."""
    text = lock.replace("\r\n", "\n")
    found = re.search(
        rf'^\[\[package\]\]\nname = "{re.escape(name)}"\n.*?(?=^\[\[package\]\]\n|\Z)', text, re.DOTALL | re.MULTILINE
    )
    if found is None:
        return None
    entry: dict[str, Any] = tomllib.loads(found[0])["package"][0]
    return entry


def _names(requirements: Iterable[str]) -> set[str]:
    """The normalized names of requirements such as "Click[extra] >= 8"."""
    return {_normalized(found[0]) for item in requirements if (found := re.match(r"[A-Za-z0-9._-]+", item.strip()))}


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _same_version(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return True  # hatchling has more to say about that
