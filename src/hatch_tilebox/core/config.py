"""The configuration of a workflow project as values. `project/` reads and checks the files.

Named tuples: Python creates their classes in a sixth of the time of frozen dataclasses, and every sdist pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.constants import CONFIG_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.core.model import Pattern, Workflow
    from hatch_tilebox.core.toml_document import Document


class BuildOptions(NamedTuple):
    """The options of a build. `max_size` is in bytes, `startup_timeout` in seconds, paths are as written.

    `project/build_options.py` describes each of them.
    """

    config: str = CONFIG_NAME
    output_dir: str | None = None
    runtime: str = "worker"
    startup_timeout: float = 120.0
    max_size: int = 100 * 1024**2
    allow_secrets: tuple[str, ...] = ()
    pass_environment: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    vendor: bool = False
    sbom: bool = False
    provenance: bool = False
    embed: bool = True
    skip: bool = False
    cache: bool = True


class WorkflowConfig(NamedTuple):
    """A checked `tilebox.workflow.toml`.

    `path` is the file and `root` the folder that a release contains, both absolute. `targets` maps the names of targets to the
    slugs of their clusters.
    """

    path: Path
    root: Path
    workflow: Workflow
    include: tuple[Pattern, ...]
    exclude: tuple[Pattern, ...]
    use_gitignore: bool
    targets: Mapping[str, tuple[str, ...]]
    document: Document

    def location(self, key: str) -> Location:
        """Return the place of a dotted key such as `workflow.runner`, or of the table that would contain it."""
        return self.document.location(key.split("."))
