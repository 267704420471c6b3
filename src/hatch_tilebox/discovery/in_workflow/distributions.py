"""The installed distributions of the workflow's environment, read from their metadata."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path


def normalize_name(name: str) -> str:
    """The normalized name of a distribution. `packaging` may be missing here."""
    return re.sub(r"[-_.]+", "-", name).lower()


def relative_to(file: str, folder: Path) -> str | None:
    """`file` relative to `folder`, None if it is not in it."""
    try:
        return Path(file).relative_to(folder).as_posix()
    except ValueError:
        return None


def distribution_of(file: str) -> tuple[str, str] | None:
    """Normalized name and version of the installed distribution that contains `file`."""
    for distribution in importlib.metadata.distributions():
        path = relative_to(file, Path(str(distribution.locate_file(""))))
        if path and f"\n{path}," in "\n" + (distribution.read_text("RECORD") or ""):
            return normalize_name(distribution.metadata["Name"]), distribution.version
    return None


def requirement_chain(name: str, target: str) -> dict[str, str] | None:
    """The direct requirement of the distribution `name` that is, or depends on, the distribution `target`."""
    for direct, requirement in requirements_of(name):
        if direct != name and target in with_dependencies([direct]):
            return {"name": direct, "version": importlib.metadata.version(direct), "required": requirement}
    return None


def with_dependencies(names: list[str]) -> set[str]:
    """The distributions `names` and all their dependencies, whatever the markers."""
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [direct for direct, _ in requirements_of(name)]
    return found


def requirements_of(name: str) -> list[tuple[str, str]]:
    """The requirements of the distribution `name`, each with the normalized name of what it requires, whatever the markers."""
    try:
        found = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [(normalize_name(match.group()), text) for text in found if (match := re.match(r"[A-Za-z0-9._-]+", text))]


def imported_in_development(development: list[str], dependencies: list[str]) -> list[str]:
    """The distributions in `development` that have an imported module and are not needed by `dependencies`."""
    if not development:
        return []
    needed = with_dependencies(dependencies)
    files = {file for module in [*sys.modules.values()] if isinstance(file := getattr(module, "__file__", None), str)}
    return [name for name in development if name not in needed and not files.isdisjoint(files_of(name))]


def files_of(name: str) -> list[str]:
    """Paths of the Python files of the distribution `name`."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return []
    lines = (distribution.read_text("RECORD") or "").splitlines()
    return [
        str(distribution.locate_file(path)) for line in lines if (path := line.partition(",")[0]).endswith((".py", ".so", ".pyd"))
    ]
