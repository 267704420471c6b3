"""The rules of a platform team for releases, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.core.errors import Location


@dataclass(frozen=True)
class SignedBy:
    """The signer that a release must have. `identity` may contain `*`, which stands for any characters."""

    identity: str
    issuer: str
    trust_config: str | None = None


@dataclass(frozen=True)
class Rules:
    """What a release must be. A rule with its default asks for nothing. `project/policy_file.py` describes each of them."""

    signed_by: SignedBy | None = None
    repository: str | None = None
    branches: tuple[str, ...] = ()
    clean_tree: bool = False
    sbom: bool = False
    forbidden_packages: tuple[str, ...] = ()
    compatible: bool = False


@dataclass(frozen=True)
class Policy:
    """Rules with the places where they are written, by key. `name` is what messages call the policy.

    Paths in the rules are relative to `folder`.
    """

    name: str
    rules: Rules
    folder: Path
    places: Mapping[str, Location] = field(default_factory=dict)
