"""The `pyproject.toml` of a release with vendored packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from hatch_tilebox.core.constants import PYPROJECT_NAME
from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.core.pyproject import peek_pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.project.vendor.local_packages import LocalSources

INHERITED = (
    "build-constraint-dependencies", "config-settings", "config-settings-package", "conflicts", "constraint-dependencies",
    "dependency-metadata", "environments", "exclude-dependencies", "exclude-newer", "exclude-newer-package",
    "extra-build-dependencies", "extra-index-url", "find-links", "fork-strategy", "index", "index-strategy", "index-url",
    "no-binary", "no-binary-package", "no-build", "no-build-isolation", "no-build-isolation-package", "no-build-package",
    "override-dependencies", "prerelease", "required-environments", "resolution",
)  # fmt: skip
"""Settings of `[tool.uv]` that uv reads from the root of a workspace for all members.

Source: https://docs.astral.sh/uv/concepts/projects/workspaces/
"""


def generated_pyproject(sources: LocalSources, wheels: Mapping[str, str]) -> str:
    """Return the text of the release's `pyproject.toml`: the project's, with other sources and without the workspace.

    `wheels` are the paths of the wheels in the release, by the normal names of their packages.
    """
    document = tomlkit.parse((sources.root / PYPROJECT_NAME).read_text("utf-8"))
    uv = document.setdefault("tool", tomlkit.table(is_super_table=True)).setdefault("uv", tomlkit.table())
    uv.pop("workspace", None)
    tables = uv.setdefault("sources", tomlkit.table())
    if sources.lock_root != sources.root:
        around = peek_pyproject(sources.lock_root)
        _inherit(uv, around.table("tool", "uv"))
        for name, source in around.table("tool", "uv", "sources").items():
            tables.setdefault(name, source)
        if sources.requires_python and "project" in document:
            document["project"]["requires-python"] = sources.requires_python
    spelling = {normalized_name(name): name for name in tables}
    for package in sources.packages:
        name = spelling.get(package.name, package.name)
        tables[name] = _source(tables.get(name), wheels[package.name])
    known = {package.name for package in sources.packages}
    for name in [name for name in tables if normalized_name(name) not in known]:
        if any(choice.get("workspace") is True for choice in _choices(tables[name])):
            del tables[name]  # a member that the project does not depend on
    if not tables:
        del uv["sources"]
    indirect = [package.name for package in sources.packages if not package.direct]
    if indirect:
        # uv takes a source for a dependency of a dependency only if a constraint names the package.
        # Set as a whole: a table written in several places gives copies of its values.
        uv["constraint-dependencies"] = [*uv.get("constraint-dependencies", []), *indirect]
    return tomlkit.dumps(document)


def _inherit(uv: Any, around: Mapping[str, Any]) -> None:
    """Take settings from the root of the workspace, as uv does: those of a member do not count there."""
    for key in INHERITED:
        uv.pop(key, None)
        if key in around:
            uv[key] = around[key]


def _choices(source: Any) -> list[Mapping[str, Any]]:
    """Return the tables of a source: several if they have conditions, an empty one for no source."""
    return [choice if isinstance(choice, dict) else {} for choice in (source if isinstance(source, list) else [source])]


def _source(before: Any, wheel: str) -> Any:
    """Return the source of a package that comes from a wheel in the release; conditions of the source before are kept."""
    made = []
    for choice in _choices(before):
        table = tomlkit.inline_table()
        table.update({"path": wheel, **{key: choice[key] for key in ("marker", "extra", "group") if key in choice}})
        made.append(table)
    if len(made) == 1:
        return made[0]
    array = tomlkit.array()
    array.extend(made)
    return array
