"""What a publication is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Settings:
    """Where a release goes and what is asked of it on the way.

    Each field is a key, with hyphens for underscores, of the tables and of hatch's `-o key=value`, and an environment variable
    `HATCH_TILEBOX_PUBLISH_KEY` in capitals with underscores.
    """

    to: str = ""
    """The destination: `tilebox`, an `https://`, `file://` or `oci://` URL, a folder, or what a plugin knows. It has no default."""
    artifact_url: str = ""
    """Where archives are uploaded for the Tilebox API. Without it, Tilebox's command-line tool publishes."""
    check_compatibility: bool = True
    """Whether a change that breaks jobs of the latest release there, without a new major version, stops the publication."""
    allow_breaking: bool = False
    """Whether such a change is let through with a warning."""
    verify: bool = False
    """Whether the release is verified first. This runs the workflow's own code."""
    dry_run: bool = False
    """Whether to say what would happen, and do nothing."""
    deploy: str = ""
    """The target of tilebox.workflow.toml whose clusters get the release."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What a destination plugin wants to know: a table, or `-o options.name=value`."""
    by_project: frozenset[str] = frozenset()
    """The keys whose value is the project's and not also the user's: it does not decide who gets a secret of the user."""
