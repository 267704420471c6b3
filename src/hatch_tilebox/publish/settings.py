"""The settings of a publication."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.policy import Policy


@dataclass(frozen=True)
class Settings:
    """Where a release is published, and how.

    Each field is a key, with hyphens for underscores, of the tables and of hatch's `-o key=value`, and an environment variable
    `HATCH_TILEBOX_PUBLISH_KEY` in capitals with underscores.
    """

    to: str = ""
    """The destination: `tilebox`, an `https://`, `file://` or `oci://` URL, a folder, or what a plugin knows. It has no default."""
    artifact_url: str = ""
    """Where archives are uploaded for the Tilebox API. Without it, Tilebox's command-line tool publishes."""
    check_compatibility: bool = True
    """Whether a change that breaks jobs of the latest published release, without a new major version, is an error."""
    allow_breaking: bool = False
    """Whether such a change is a warning instead."""
    unique_versions: bool = False
    """Whether another published release with the same version is an error, not a warning. In an OCI registry it always is."""
    allow_same_version: bool = False
    """Whether another published release may have the same version."""
    build: bool | None = None
    """Whether the release is built first. Without a value, `hatch-tilebox publish` builds it if it is out of date."""
    stale: bool = False
    """Whether files of the project may differ from those in the archive."""
    verify: bool = False
    """Whether the release is verified first. This runs the code of the workflow."""
    dry_run: bool = False
    """Whether to report what would happen, and change nothing."""
    deploy: str = ""
    """The target of tilebox.workflow.toml to deploy the release to."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of a destination plugin: a table, or `-o options.name=value`."""
    policies: tuple[Policy, ...] = ()
    """What the release must be: the policy of the project, and the one that is named with the command or by the environment."""
    by_project: frozenset[str] = frozenset()
    """The keys that only a file of the project sets: such a file must not decide which service gets a secret of the user."""
