"""The build system in `pyproject.toml`: which one builds the project after `adopt`, and how it builds a release."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement

from hatch_tilebox.core.constants import PYPROJECT_NAME
from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.identifiers import normalized_name, requirement_name
from hatch_tilebox.core.toml_document import table_at
from hatch_tilebox.project.adopt.toml_text import value_at
from hatch_tilebox.project.metadata import HATCHLING, OWN_BACKEND

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.project.adopt.toml_text import TomlText
    from hatch_tilebox.project.runner_import import RunnerImport

_PLACE = Location(PYPROJECT_NAME)
OWN = "hatch-tilebox"
_FALLBACK = "setuptools.build_meta"
"""What builds a project that names no backend. Source: https://peps.python.org/pep-0517/#source-trees"""
_NOT_BUILT = "the runner is imported from this folder: nobody has to build and install the project"
_TARGET_ONLY = "for this target only: release runners build the project, too, and do not install this"

# By build backend: what has to be installed for it, and the tables and files that only it reads. If one of these exists, another
# backend may build another wheel, so the backend stays.
_BACKENDS: dict[str, tuple[set[str], tuple[str, ...], tuple[str, ...]]] = {
    "setuptools": ({"setuptools", "wheel"}, ("tool.setuptools", "tool.setuptools_scm"), ("setup.py", "setup.cfg", "MANIFEST.in")),
    "uv_build": ({"uv-build"}, ("tool.uv.build-backend",), ()),
    "poetry": (
        {"poetry-core"},
        tuple(f"tool.poetry.{key}" for key in ("build", "dependencies", "exclude", "include", "packages", "version")),
        (),
    ),
}


@dataclass(frozen=True)
class ProjectTables:
    """`pyproject.toml` and, if there is one, `hatch.toml` of a project while they are edited. What stays as it is gets a note."""

    root: Path
    text: TomlText
    hatch: TomlText | None
    notes: list[Problem] = field(default_factory=list)

    def note(self, message: str, hint: str | None = None, location: Location | None = None, code: str = "TBX804") -> None:
        """Add a note."""
        self.notes.append(Problem(message, hint, location, code=code))

    @property
    def backend(self) -> str:
        """What builds the project."""
        return str(self.text.table("build-system").get("build-backend", _FALLBACK))

    @property
    def build(self) -> tuple[TomlText, str]:
        """The file that holds hatchling's build tables, and what their dotted names begin with: `hatch.toml` replaces the other."""
        if self.hatch is not None and "build" in self.hatch.values:
            return self.hatch, "build."
        return self.text, "tool.hatch.build."


def set_up_build(tables: ProjectTables, runner: RunnerImport) -> None:
    """Have releases built together with the project, unless release runners would then have to install hatch-tilebox."""
    package = tables.text.table("tool", "uv").get("package")
    if runner.source == "installed" and package is False:
        hint = "remove package = false from [tool.uv], or move what it imports out of src"
        tables.note(f"a release runner does not start this project: {runner.reason}", hint, _PLACE, "TBX803")
    if runner.source == "folder" and package is True:
        message = "package = true in [tool.uv] stays: release runners build this project before they start it"
        tables.note(message, location=_PLACE)
    no_build = "build-system" not in tables.text.values
    if package is False or (runner.source == "folder" and package is None) or (runner.source == "unknown" and no_build):
        _build_with_hook(tables, runner)
    else:
        _build_with_target(tables, runner)


def reasons_to_keep(root: Path, values: Mapping[str, Any]) -> list[str]:
    """Why hatchling cannot replace the build backend of the project in `root` without a change of its wheel; empty if it can."""
    table = table_at(values, ["build-system"])
    backend = str(table.get("build-backend", _FALLBACK))
    if backend in {HATCHLING, OWN_BACKEND}:
        return []
    known = _known(backend)
    if known is None:
        return ["hatch-tilebox cannot replace it"]
    needed, tables, files = known
    reasons = [f"it is configured in [{path}]" for path in tables if value_at(values, path)]
    reasons += [f"there is {name}" for name in files if (root / name).exists()]
    others = [item for item in table.get("requires", []) if requirement_name(item) not in {*needed, "hatchling", OWN}]
    if others:
        reasons.append(f"it builds with {', '.join(others)}")
    if "backend-path" in table:
        reasons.append("its code is part of the project")
    if dynamic := values["project"].get("dynamic"):
        reasons.append(f"it computes {', '.join(dynamic)}")
    return reasons


def builds_release(pyproject: Pyproject) -> bool:
    """Whether frontends build a release of the project."""
    backend = pyproject.table("build-system").get("build-backend")
    build = pyproject.hatch_table("build")
    return backend == OWN_BACKEND or (backend == HATCHLING and (_has_hook(build) or "tilebox" in table_at(build, ["targets"])))


def allow_direct_references(tables: ProjectTables) -> None:
    """Let hatchling build a project with dependencies at a URL, which uv installs anyway; an existing setting stays."""
    project = tables.text.table("project")
    requirements = [*project.get("dependencies", []), *chain(*project.get("optional-dependencies", {}).values())]
    direct = [item for item in requirements if _is_direct(item)]
    replaced = tables.hatch is not None and "metadata" in tables.hatch.values
    if not direct or replaced or "allow-direct-references" in tables.text.table("tool", "hatch", "metadata"):
        return
    tables.text.create("tool.hatch.metadata.allow-direct-references", value=True)
    names = ", ".join(map(requirement_name, direct))
    message = f"allow-direct-references is set, because hatchling refuses dependencies at a URL without it: {names}"
    tables.note(message, "an index such as PyPI refuses packages with such dependencies")


def _build_with_hook(tables: ProjectTables, runner: RunnerImport) -> None:
    """Hatchling with hatch-tilebox beside it and the build hook; uv does not install the project."""
    text, backend = tables.text, tables.backend
    if reasons := reasons_to_keep(tables.root, text.values):
        message = f"build-backend stays {backend}: {'; '.join(reasons)}"
        tables.note(message, "uv build does not build a release of it, but hatch-tilebox build does", _PLACE, "TBX021")
        return
    if not text.table("build-system"):
        text.add_table("build-system", {"requires": ["hatchling", OWN], "build-backend": HATCHLING})
    elif backend != OWN_BACKEND:
        if backend != HATCHLING:
            tables.note(f"hatchling replaces {backend}; the wheel should hold the same files", "compare both once")
            text.put("build-system.build-backend", HATCHLING)
        _require(text, backend)
    if backend != OWN_BACKEND:
        target, prefix = tables.build
        build = target.table(*prefix.split(".")[:-1])
        if not _has_hook(build) and "tilebox" not in table_at(build, ["targets"]):
            target.add_table(f"{prefix}hooks.tilebox", {})
    if runner.source != "installed" and "package" not in text.table("tool", "uv"):
        text.create("tool.uv.package", value=False, comment=_NOT_BUILT if runner.source == "folder" else "")


def _build_with_target(tables: ProjectTables, runner: RunnerImport) -> None:
    """The build target alone: what release runners install to build the project stays the same."""
    text, backend, required = tables.text, tables.backend, tables.text.table("build-system")
    if not required and not reasons_to_keep(tables.root, text.values):
        text.add_table("build-system", {"requires": ["hatchling"], "build-backend": HATCHLING})
        if not _is_found_by_hatchling(tables.root, text.values):
            text.add_table("tool.hatch.build.targets.wheel", {"only-include": ["src"], "sources": ["src"]})
    elif backend not in {HATCHLING, OWN_BACKEND}:
        message = f"build-backend stays {backend}, and release runners build the project with it: {runner.reason}"
        tables.note(message, "hatch-tilebox build builds the release", _PLACE, "TBX021")
        return
    target, prefix = tables.build
    if any(requirement_name(item) == OWN for item in required.get("requires", [])):
        message = f"release runners install {OWN} to build this project: {runner.reason}"
        hint = (
            f"to avoid that, remove it from [build-system] requires, and write a table [{prefix}targets.tilebox] with\n"
            f'dependencies = ["{OWN}"] in place of the build hook; then hatch build -t tilebox builds the release'
        )
        tables.note(message, hint, _PLACE)
    elif _has_hook(target.table(*prefix.split(".")[:-1])):
        _require(text, backend)
    else:
        path = f"{prefix}targets.tilebox.dependencies"
        dependencies = value_at(target.values, path)
        if dependencies is None:
            target.create(path, [OWN], comment=_TARGET_ONLY)
        elif OWN not in map(requirement_name, dependencies):
            target.edit_array(path, add=[OWN])
        message = f"release runners build this project, so only the target needs {OWN}: {runner.reason}"
        hint = "hatch build -t tilebox and hatch-tilebox build build the release; uv build does not"
        tables.note(message, hint, code="TBX021")


def _require(text: TomlText, former: str) -> None:
    """Have hatchling and hatch-tilebox among the build requirements, in place of those of the `former` backend."""
    known, items = _known(former), text.table("build-system").get("requires")
    missing = [name for name in ("hatchling", OWN) if name not in map(requirement_name, items or ())]
    replaced = [item for item in items or () if known and requirement_name(item) in known[0]]
    if items is None:
        text.put("build-system.requires", missing)
    elif replaced or missing:
        text.edit_array("build-system.requires", add=missing, remove=replaced)


def _has_hook(build: Mapping[str, Any]) -> bool:
    return any("tilebox" in table_at(build, path) for path in (["hooks"], ["targets", "wheel", "hooks"]))


def _is_found_by_hatchling(root: Path, values: Mapping[str, Any]) -> bool:
    """Whether hatchling finds the package in `src` by the project's name, or a table says what the wheel holds."""
    name = normalized_name(str(values["project"]["name"])).replace("-", "_")
    return (root / "src" / name / "__init__.py").is_file() or "wheel" in table_at(values, ["tool", "hatch", "build", "targets"])


def _is_direct(requirement: str) -> bool:
    try:
        return Requirement(requirement).url is not None
    except InvalidRequirement:  # hatchling reports it
        return False


def _known(backend: str) -> tuple[set[str], tuple[str, ...], tuple[str, ...]] | None:
    return _BACKENDS.get(backend.partition(".")[0])
