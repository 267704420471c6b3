"""What a look at a `uv.lock` tells about its fit to `pyproject.toml`.

uv itself knows all, but may need a network for it, and the backend of a project whose metadata is dynamic.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["reasons_to_lock_again"]


def reasons_to_lock_again(lock: str, project: Mapping[str, Any]) -> list[str]:
    """Why the text of a lock cannot fit a `[project]` table: another name or version, other dependencies. None where it may fit.

    Looks at names, not at version ranges, which can be written in several ways.
    """
    own = _normalized(str(project["name"]))
    entry = _entry(lock, own)
    if entry is None:
        return [f"it has no entry for {own}"]
    reasons = []
    dynamic = project.get("dynamic", [])
    locked, version = entry.get("version"), project.get("version")
    if locked and version and not _same_version(locked, version):
        reasons.append(f"it is for version {locked} of {own}, not {version}")
    if "dependencies" not in dynamic and "optional-dependencies" not in dynamic:
        known = {item["name"] for item in entry.get("metadata", {}).get("requires-dist", [])} - {own}
        extras = project.get("optional-dependencies", {}).values()
        wanted = _names(project.get("dependencies", [])).union(*map(_names, extras)) - {own}
        reasons += [f"it lacks {name}" for name in sorted(wanted - known)]
        reasons += [f"it has {name}, which is no dependency any more" for name in sorted(known - wanted)]
    return reasons


def _entry(lock: str, name: str) -> dict[str, Any] | None:
    """What the lock says about the project. uv writes the file, so its form is known, and the rest of it need not be parsed."""
    import tomlkit

    text = lock.replace("\r\n", "\n")
    found = re.search(
        rf'^\[\[package\]\]\nname = "{re.escape(name)}"\n.*?(?=^\[\[package\]\]\n|\Z)', text, re.DOTALL | re.MULTILINE
    )
    if found is None:
        return None
    entry: dict[str, Any] = tomlkit.parse(found[0]).unwrap()["package"][0]
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
