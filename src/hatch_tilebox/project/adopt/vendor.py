"""The option `vendor` for projects whose releases would need code from outside the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.short_forms import listed
from hatch_tilebox.project.adopt.toml_text import value_at
from hatch_tilebox.project.vendor.local_packages import local_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.project.adopt.build_system import ProjectTables

OPTION = "vendor"


def propose_vendor(pyproject: Pyproject, tables: ProjectTables) -> None:
    """Set `vendor = true` if the project takes packages from outside its folder, or its lock is that of a workspace around it.

    An existing value of the option stays.
    """
    target, prefix = tables.build
    ours = [f"{prefix}targets.tilebox", f"{prefix}hooks.tilebox"]
    if any(value_at(target.values, f"{path}.{OPTION}") is not None for path in ours):
        return
    if reason := _reason(pyproject):
        path = next((path for path in ours if value_at(target.values, path) is not None), ours[1])
        target.create(f"{path}.{OPTION}", value=True)
        hint = "a build puts packages from outside into the release as wheels, with a lock of its own; your lock stays as it is"
        tables.note(f"vendor = true is set, because {reason}", hint)


def _reason(pyproject: Pyproject) -> str | None:
    """Return why a release of the project needs the option; None if it does not."""
    try:
        sources = local_sources(pyproject.root)
    except ConfigError:  # check and builds report it
        return None
    if sources is None:
        outside = [name for name in _outside(pyproject) if name in pyproject.dependency_names]
    else:
        outside = [package.name for package in sources.packages if not package.place.is_relative_to(sources.root)]
    if outside:
        return f"{listed(outside)} {'come' if len(outside) > 1 else 'comes'} from outside the project"
    return "uv.lock is that of the workspace around the project" if sources and sources.lock_root != sources.root else None


def _outside(pyproject: Pyproject) -> Sequence[str]:
    """Return the packages whose source is the workspace around the project, or a path outside it."""
    root = pyproject.root.resolve()
    return sorted(
        name
        for name, choices in pyproject.sources.items()
        for choice in choices
        if (choice.get("workspace") is True and not pyproject.workspace)
        or (isinstance(choice.get("path"), str) and not Path(os.path.normpath(root / choice["path"])).is_relative_to(root))
    )
