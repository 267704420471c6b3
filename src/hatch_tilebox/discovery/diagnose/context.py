"""What every explanation of a failed start-up draws on."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.core.model import FileSet, Workflow

__all__ = [
    "Context",
    "Paths",
    "declared_names",
    "development_only",
    "ending",
    "include_hint",
    "no_pyproject",
    "normalize",
    "requirement_name",
    "table",
    "tail",
    "texts",
    "unreadable_pyproject",
]

LAST_LINES = 20


@dataclass(frozen=True)
class Paths:
    """Where things were staged, so that texts can name them as they are in the user's project."""

    project: Path
    prefix: Path

    def clean(self, text: str) -> str:
        """`text` with paths as in the user's project."""
        for folder in {str(self.project), str(self.project.resolve())}:
            text = text.replace(f"file://{folder}", "the project").replace(f"{folder}/", "").replace(f"{folder}\\", "")
            text = text.replace(folder, "the project")
        for folder in {str(self.prefix), str(self.prefix.resolve())}:
            text = text.replace(folder, "<environment>")
        return text


@dataclass(frozen=True)
class Context:
    """What an explanation draws on besides the failure. `timeout` in seconds; `location` is where the start is configured."""

    files: FileSet
    workflow: Workflow
    pyproject: Mapping[str, Any]
    location: Location | None
    paths: Paths
    timeout: float

    @property
    def selected(self) -> frozenset[str]:
        """Paths of the selected files."""
        return frozenset(file.path for file in self.files.files)

    @property
    def module(self) -> str:
        """The module of the runner."""
        return (self.workflow.runner or "").partition(":")[0]

    @property
    def packaged(self) -> bool:
        """Whether uv builds and installs the project. Source: https://docs.astral.sh/uv/concepts/projects/config/#build-systems"""
        return is_packaged(self.pyproject)

    def left_out(self, path: str) -> bool:
        """Whether the file `path` is in the project and not selected."""
        return path not in self.selected and (self.files.root / path).is_file()


def is_packaged(pyproject: Mapping[str, Any]) -> bool:
    """Whether uv builds and installs the project that `pyproject` describes."""
    named = table(pyproject, "tool", "uv").get("package")
    return bool(named) if named is not None else "build-system" in pyproject


def tail(text: str, lines: int = LAST_LINES) -> str | None:
    """The last lines of `text`, None where there is nothing."""
    return "\n".join(text.strip().splitlines()[-lines:]) or None


def include_hint(*patterns: str) -> str:
    """How to select what `patterns` match."""
    quoted = " and ".join(f'"{pattern}"' for pattern in patterns)
    return f"add {quoted} to [build] include in {CONFIG_NAME}"


def ending(returncode: int) -> str:
    """How a process ended."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    try:
        return f"was killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was killed by signal {-returncode}"


def normalize(name: str) -> str:
    """A distribution's name in its one spelling. Source: https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(requirement: str) -> str:
    """The normalized name that a dependency specifier begins with."""
    match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
    return normalize(match.group(1)) if match else ""


def declared_names(requirements: object) -> set[str]:
    """Normalized names of all plain `requirements`; what includes another group, or is no list of texts, is passed over."""
    return {requirement_name(item) for item in requirements if isinstance(item, str)} if isinstance(requirements, list) else set()


def no_pyproject(files: FileSet) -> Problem:
    """`pyproject.toml` is not selected."""
    if (files.root / "pyproject.toml").is_file():
        return Problem(
            "pyproject.toml is not among the selected files, so a release runner cannot install the dependencies",
            include_hint("pyproject.toml", "uv.lock"),
        )
    return Problem(
        "there is no pyproject.toml in the workflow's root, so a release runner cannot install the dependencies",
        "make one with `uv init --bare` and `uv add tilebox`",
    )


def unreadable_pyproject(error: Exception) -> Problem:
    """`pyproject.toml` is no TOML."""
    reason = "nested too deeply" if isinstance(error, RecursionError) else error
    return Problem(f"not valid TOML: {reason}", location=Location("pyproject.toml", getattr(error, "line", 0)))


def development_only(pyproject: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Names of the dependencies in groups that `uv run` installs by default, but are none of the workflow's; and the workflow's."""
    uv, groups = table(pyproject, "tool", "uv"), table(pyproject, "dependency-groups")
    default = uv.get("default-groups", ["dev"])
    names = groups if default == "all" or not isinstance(default, list) else [name for name in groups if name in default]
    development = declared_names(uv.get("dev-dependencies")).union(*(declared_names(groups[name]) for name in names))
    own = declared_names(table(pyproject, "project").get("dependencies"))
    return sorted(development - own), sorted(own)


def texts(values: Mapping[str, Any], key: str) -> list[str]:
    """The texts in the array `key` of a table, or the keys of the table of that name; empty where it is neither."""
    found = values.get(key)
    return [text for text in found if isinstance(text, str)] if isinstance(found, (list, dict)) else []


def table(values: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The table under the dotted `keys` of a TOML document, empty where there is none."""
    for key in keys:
        values = values.get(key, {})
        if not isinstance(values, dict):
            return {}
    return values
