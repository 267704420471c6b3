"""Build system, build hook and uv's settings in `pyproject.toml`."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.project.adopt.toml_text import TomlText, table_at, value_at

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PYPROJECT", "add_build_system", "add_hook", "allow_direct_references"]

PYPROJECT = "pyproject.toml"
OWN = "hatch-tilebox"
OWN_BACKEND = "hatch_tilebox.backend"
HATCHLING = "hatchling.build"
_HOOK = "build.hooks.tilebox"
_FALLBACK = "setuptools.build_meta"
"""What builds a project that names no backend. Source: https://peps.python.org/pep-0517/#source-trees"""

# By build backend: what has to be installed for it, and the tables and files that only it reads. Where these say something, another
# backend could make another wheel, so the backend stays.
_BACKENDS: dict[str, tuple[set[str], tuple[str, ...], tuple[str, ...]]] = {
    "setuptools": ({"setuptools", "wheel"}, ("tool.setuptools", "tool.setuptools_scm"), ("setup.py", "setup.cfg", "MANIFEST.in")),
    "uv_build": ({"uv-build"}, ("tool.uv.build-backend",), ()),
    "poetry": (
        {"poetry-core"},
        tuple(f"tool.poetry.{key}" for key in ("build", "dependencies", "exclude", "include", "packages", "version")),
        (),
    ),
}


def add_build_system(root: Path, text: TomlText, notes: list[Problem]) -> bool:
    """Have the project built by hatchling with hatch-tilebox beside it; false where its own build system stays, with a note."""
    table = table_at(text.values, "build-system")
    if not table and not _reasons_to_keep(root, text.values, {}, _FALLBACK):
        text.add_table("build-system", {"requires": ["hatchling", OWN], "build-backend": HATCHLING})
        _leave_unpackaged(text, notes)
        return True
    backend = str(table.get("build-backend", _FALLBACK))
    if backend == OWN_BACKEND:
        return False
    if backend != HATCHLING:
        reasons = _reasons_to_keep(root, text.values, table, backend)
        if reasons:
            message = f"build-backend stays {backend}: {'; '.join(reasons)}"
            hint = "uv build makes no release then, but hatch-tilebox build does"
            notes.append(Problem(message, hint, Location(PYPROJECT)))
            return False
        notes.append(Problem(f"hatchling replaces {backend}; the wheel should hold the same", "compare both once"))
        text.put("build-system.build-backend", HATCHLING)
    names = [_name(item) for item in text.values["build-system"].get("requires", [])]
    former = {index for index, name in enumerate(names) if backend != HATCHLING and name in _requirements(backend)}
    missing = [name for name in ("hatchling", OWN) if name not in names]
    if "requires" not in table:
        text.put("build-system.requires", missing)
    elif former or missing:
        text.replace_items("build-system.requires", former, missing)
    if "package" not in table_at(text.values, "tool.uv"):
        message = "release runners build this project before they start it, for uv installs it"
        hint = "if its modules are imported from the project's folder anyway, write package = false into [tool.uv]"
        notes.append(Problem(message, hint))
    return True


def add_hook(text: TomlText, hatch: TomlText | None) -> None:
    """Switch the build hook on, in `hatch.toml` where that one replaces what `pyproject.toml` says about builds."""
    target, prefix = (hatch, "") if hatch is not None and "build" in hatch.values else (text, "tool.hatch.")
    build = table_at(target.values, f"{prefix}build")
    if any("tilebox" in table_at(build, path) for path in ("hooks", "targets", "targets.wheel.hooks")):
        return
    target.add_table(f"{prefix}{_HOOK}", {})


def allow_direct_references(text: TomlText, hatch: TomlText | None, notes: list[Problem]) -> None:
    """Let hatchling build a project with dependencies at a URL, which uv installs anyway; what the author decided stays."""
    project = table_at(text.values, "project")
    requirements = [*project.get("dependencies", []), *chain(*project.get("optional-dependencies", {}).values())]
    direct = [item for item in requirements if _is_direct(item)]
    if not direct or (hatch is not None and "metadata" in hatch.values):
        return
    metadata = value_at(text.values, "tool.hatch.metadata")
    if metadata is None:
        text.add_table("tool.hatch.metadata", {"allow-direct-references": True})
    elif "allow-direct-references" not in metadata:
        text.put("tool.hatch.metadata.allow-direct-references", value=True)
    else:
        return
    message = f"allow-direct-references is set, because hatchling refuses dependencies at a URL without it: {', '.join(direct)}"
    notes.append(Problem(message, "an index such as PyPI takes no package that has such dependencies"))


def _is_direct(requirement: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(requirement).url is not None
    except InvalidRequirement:  # hatchling reports it
        return False


def _leave_unpackaged(text: TomlText, notes: list[Problem]) -> None:
    """Without a build system uv did not install the project itself; with one it would, and release runners would build it."""
    uv = table_at(text.values, "tool.uv")
    if "package" in uv:
        if uv["package"]:
            notes.append(Problem("package = true in [tool.uv] stays: release runners build this project before they start it"))
    elif uv:
        text.put("tool.uv.package", False)
    else:
        text.add_table("tool.uv", {"package": False})


def _reasons_to_keep(root: Path, values: dict[str, Any], table: dict[str, Any], backend: str) -> list[str]:
    kind = _kind(backend)
    if kind is None:
        return ["hatch-tilebox does not know how to replace it"]
    needed, tables, files = _BACKENDS[kind]
    reasons = [f"it is configured in [{path}]" for path in tables if value_at(values, path)]
    reasons += [f"there is {name}" for name in files if (root / name).exists()]
    others = [item for item in table.get("requires", []) if _name(item) not in {*needed, "hatchling", OWN}]
    if others:
        reasons.append(f"it builds with {', '.join(others)}")
    if "backend-path" in table:
        reasons.append("it is a backend of the project's own")
    if dynamic := values["project"].get("dynamic"):
        reasons.append(f"it computes {', '.join(dynamic)}")
    return reasons


def _kind(backend: str) -> str | None:
    first = backend.partition(".")[0]
    return first if first in _BACKENDS else None


def _requirements(backend: str) -> set[str]:
    kind = _kind(backend)
    return _BACKENDS[kind][0] if kind else set()


def _name(requirement: object) -> str:
    """The normalized name in a requirement such as "Setuptools >= 61"."""
    found = re.match(r"\s*([A-Za-z0-9._-]*)", str(requirement))
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""
