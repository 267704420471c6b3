"""What a lock has for one project: another project may share the lock, and need other packages of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.toml_document import table_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.uv_lock import UvLock

_SHARED = ("version", "revision", "requires-python", "conflicts", "options")
"""Keys of a lock that count for every project. `manifest` repeats settings of the workspace, and names its members."""
_ELSEWHERE = ("dependencies", "optional-dependencies", "dev-dependencies", "metadata")
_LOCAL = frozenset({"editable", "directory", "virtual", "path"})


def locked_for(lock: UvLock, name: str) -> dict[str, Any]:
    """Return what the lock has for the package `name`: values by the names of the packages that it needs, "" for the whole lock.

    An extra counts if something that the package needs asks for it. Paths of local packages are left out.
    """
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for entry in lock.values.get("package", []):
        by_name.setdefault(entry["name"], []).append(entry)
    found: dict[str, Any] = {"": {key: lock.values.get(key) for key in _SHARED}}
    waiting = [(name, ""), *((name, extra) for entry in by_name.get(name, []) for extra in _needed(entry))]
    seen: set[tuple[str, str]] = set()
    while waiting:
        package, extra = waiting.pop()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        entries = by_name.get(package, [])
        needed = [item for entry in entries for item in _needed(entry).get(extra, [])]
        found[f"{package}[{extra}]" if extra else package] = [needed] if extra else [[*map(_about, entries)], needed]
        waiting += [(item["name"], each) for item in needed for each in ("", *item.get("extra", []))]
    return found


def _needed(entry: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return what an entry depends on: always (""), with an extra, and with a dependency group, whose name begins with "group "."""
    groups = {f"group {name}": items for name, items in table_at(entry, ["dev-dependencies"]).items()}
    return {"": entry.get("dependencies", []), **table_at(entry, ["optional-dependencies"]), **groups}


def _about(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in entry.items() if key not in _ELSEWHERE}
    if _LOCAL & {*entry.get("source", {})}:
        kept.pop("source")
    return kept
