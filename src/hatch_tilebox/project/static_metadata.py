"""Name, version and supported Pythons as `[project]` has them, checked by the standards and not by a build backend.

uv needs no more to run a project. Source: https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.identifiers import name_fault, requirement_fault, version_fault
from hatch_tilebox.core.workflow import Project
from hatch_tilebox.project.toml.kinds import Report, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.core.pyproject import Pyproject


def read_static_metadata(pyproject: Pyproject) -> tuple[Project, tuple[str, ...]]:
    """Return the metadata in `pyproject`, each value in its normal form, and which of them the build backend computes.

    A `version` that it computes is "". Raises ConfigError with every value that is missing or that the standards do not allow.
    """
    report = Report()
    project, computed = pyproject.table("project"), pyproject.dynamic
    dynamic = tuple(key for key in ("version", "requires-python") if key in computed)
    for key in ("name", *dynamic):
        if key in project and key in computed:
            report.key(("project", key), "is given here and listed in dynamic", f'remove "{key}" from dynamic')
    if "name" in computed:
        report.value(("project", "dynamic"), "the name of a project cannot be dynamic")
    if "version" not in project and "version" not in dynamic:
        report.value(("project",), "version is missing", 'write version = "0.1.0"', "TBX011")
    found = {key: Text(check).read(project[key], ("project", key), report) for key, check in _CHECKS.items() if key in project}
    if report.mistakes and pyproject.document:
        raise ConfigError(*report.problems(pyproject.document))
    version, python = found.get("version"), found.get("requires-python")
    static = Project(
        canonicalize_name(found["name"]),
        str(Version(version)) if version else "",
        str(SpecifierSet(python)) if python else None,
    )
    return static, dynamic


def _refused(fault: Callable[[str], str | None], message: str) -> Callable[[str], str | None]:
    """Return a check that gives the `message`, with the text, for a text with a `fault`."""
    return lambda text: message.format(text) if fault(text) else None


_CHECKS = {
    "name": _refused(name_fault, '"{}" is not a name of a project: letters A-Z and a-z, digits, and -, _ or . between them'),
    "version": _refused(version_fault, '"{}" is not a version; an example is "1.2.0"'),
    "requires-python": _refused(requirement_fault, '"{}" is not a range of versions; an example is ">=3.11"'),
}
