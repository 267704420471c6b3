"""Compares a release with its project as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.compatibility.releases import compare_files
from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.vendored import EXTENSION
from hatch_tilebox.project.open import open_project
from hatch_tilebox.project.vendor.local_packages import local_sources

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.core.model import ReleaseManifest

_NAMED = 10
"""Files of a kind that a message names."""


def require_fresh(manifest: ReleaseManifest, name: str, root: Path) -> str:
    """Raise PublishError if the project in `root` is not the one that the archive `name` was built from, file by file.

    A release of another workflow is not compared. Of generated files, such as wheels of packages of this machine, the
    sources of the packages are compared. Returns a summary. No code of the project runs.
    """
    project = open_project(root, run_code=False)
    config = project.config
    if manifest.workflow.slug != config.workflow.slug:
        return f"not compared: the project is workflow {config.workflow.slug!r}"
    selected = project.select(project.root / "dist")
    generated, packages = _generated(manifest)
    kept = [file for file in manifest.files if file.path not in generated]
    changes = compare_files(kept, [file for file in hash_files(selected) if file.path not in generated])
    sources = local_sources(selected.root) if packages else None
    digests = {package.name: package.digest() for package in sources.packages} if sources else {}
    found = [
        _names("changed", [change.path for change in changes if change.old and change.new]),
        _names("new", [change.path for change in changes if change.old is None]),
        _names("vanished", [change.path for change in changes if change.new is None]),
        _names("changed packages", sorted(name for name, sha256 in packages.items() if digests.get(name) != sha256)),
        "" if manifest.workflow == config.workflow else "changed: [workflow] in tilebox.workflow.toml",
    ]
    if any(found):
        hint = "build it again: hatch-tilebox build, or publish with --build; --stale publishes the archive as it is"
        raise PublishError(Problem(f"{name} was built from other files: {'; '.join(filter(None, found))}", hint=hint))
    return f"{len(manifest.files)} files are those of the project"


def _generated(manifest: ReleaseManifest) -> tuple[set[str], dict[str, str]]:
    """Return the paths that the build generated, and the packages that it put in as wheels with the digests of their sources."""
    match manifest.extensions.get(EXTENSION):
        case {"generated": [*paths], "vendored": [*packages]}:
            known = {str(each.get("name")): str(each.get("sha256")) for each in packages if isinstance(each, dict)}
            return {path for path in paths if isinstance(path, str)}, known
        case _:
            return set(), {}


def _names(kind: str, paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"{kind}: {', '.join(paths[:_NAMED])}{more}" if paths else ""
