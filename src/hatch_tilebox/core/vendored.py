"""Packages that a release carries as wheels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.model import FileSet

EXTENSION = "hatch-tilebox"
"""The name of our values among the extensions of a manifest."""


@dataclass(frozen=True)
class VendoredPackage:
    """A package in the release: `wheel` is the path there, `path` what it was built from, relative to the root of the workflow.

    `sha256` is a digest over the files in `path`.
    """

    name: str
    version: str
    path: str
    wheel: str
    sha256: str


@dataclass(frozen=True)
class Vendored:
    """The files of a release that needs nothing around it. `generated` are the paths of files that are not the project's.

    `locked` is a digest over what the lock of the project has for it, from which the lock of the release is made.
    """

    files: FileSet
    packages: tuple[VendoredPackage, ...] = ()
    generated: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    locked: str = ""

    def extensions(self) -> dict[str, Any]:
        """Return what the manifest says about it; nothing if nothing was generated."""
        if not self.generated:
            return {}
        packages = [asdict(package) for package in self.packages]
        return {EXTENSION: {"generated": list(self.generated), "vendored": packages, "locked": self.locked}}
