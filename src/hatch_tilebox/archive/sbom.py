"""The SBOM of a release: beside its archive, or in the wheel that was built with it.

Any program may have written it, so its size and shape are checked.

Source: CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json/, and PEP 770
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hatch_tilebox.archive.wheel import file_in_distribution, file_in_wheel
from hatch_tilebox.core.constants import SBOM_SUFFIX
from hatch_tilebox.core.errors import ArchiveError, Location, Problem
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import read_document

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.archive.wheel import EmbeddedRelease

MAX_SIZE = 64 * 2**20
"""Bytes: the largest SBOM that is read."""
_HINT = "build the release with the option sbom: hatch-tilebox build --sbom"


@dataclass(frozen=True, order=True)
class Component:
    """A package that release runners install. Texts are "" where the SBOM does not have them.

    `purl` is the package URL, which names the source of a package that no index has. `license` is an SPDX expression or a name.
    """

    name: str
    version: str = ""
    license: str = ""
    purl: str = ""

    @property
    def state(self) -> str:
        """The version, and the source if it is not an index."""
        qualifiers = self.purl.partition("#")[0].partition("?")[2]
        # The fragment of a URL, which is the commit, is a word of its own: the fragments of URLs are not shown.
        values = [unquote(each.partition("=")[2]).replace("#", " ") for each in qualifiers.split("&")]
        return f"{self.version} ({', '.join(values)})".strip() if qualifiers else self.version


@dataclass(frozen=True)
class Sbom:
    """The SBOM of the release whose archive has the SHA-256 `digest`. The components are sorted by name."""

    digest: str
    components: tuple[Component, ...]

    def versions(self) -> dict[str, list[str]]:
        """Return the states of each component, several if it is there more than once."""
        found: dict[str, list[str]] = {}
        for component in self.components:
            found.setdefault(component.name, []).append(component.state)
        return found


def sbom_beside(archive: Path, digest: str) -> Sbom | None:
    """Return the SBOM beside the archive with this digest, None without one.

    Raises ArchiveError if it cannot be read, or is about another archive.
    """
    path = archive.with_suffix(SBOM_SUFFIX)
    try:
        content = read_document(path, MAX_SIZE)
    except ValueError as error:
        raise _unusable(str(error), str(path)) from error
    return None if content is None else bound_sbom(content, digest, str(path))


def sbom_in_wheel(wheel: Path, release: EmbeddedRelease) -> Sbom | None:
    """Return the SBOM of the release in a wheel, None without one. Raises ArchiveError as `sbom_beside`."""
    content = file_in_wheel(wheel, _member(release), MAX_SIZE)
    return None if content is None else bound_sbom(content, release.sha256, str(wheel))


def sbom_in_distribution(name: str, release: EmbeddedRelease) -> Sbom | None:
    """Return the SBOM of the release in an installed distribution, None without one. Raises ArchiveError as `sbom_beside`."""
    content = file_in_distribution(name, _member(release), MAX_SIZE)
    return None if content is None else bound_sbom(content, release.sha256, name)


def bound_sbom(content: bytes, digest: str, where: str) -> Sbom:
    """Return the SBOM in `content`. Raises ArchiveError if it is not one, or is not about the archive with this digest."""
    if len(content) > MAX_SIZE:
        too_large = f"it has more than {MAX_SIZE // 2**20} MiB"
        raise _unusable(too_large, where)
    try:
        sbom = parse_sbom(content)
    except ValueError as error:
        raise _unusable(str(error), where) from error
    if sbom.digest != digest:
        message = f"the SBOM is about another archive than the one with the digest {digest}"
        raise ArchiveError(Problem(message, _HINT, Location(where), code="TBX521"))
    return sbom


def missing_sbom(where: str) -> ArchiveError:
    """Return the error that a release has no SBOM."""
    hint = f"{_HINT}, or sbom = true under [tool.hatch.build.hooks.tilebox] in pyproject.toml"
    return ArchiveError(Problem("the release has no SBOM", hint, Location(where), code="TBX408"))


def parse_sbom(content: bytes) -> Sbom:
    """Return what a CycloneDX document says. Raises ValueError if it is another, or does not say which archive it is about."""
    match _with_defaults(parse_json(content), components=[]):
        case {
            "bomFormat": "CycloneDX",
            "metadata": {"component": {"hashes": [{"alg": "SHA-256", "content": str(digest)}]}},
            "components": [*components],
        }:
            return Sbom(digest, tuple(sorted(map(_component, components))))
        case _:
            msg = "it is not a CycloneDX document about a file with a SHA-256"
            raise ValueError(msg)


def _component(value: object) -> Component:
    match _with_defaults(value, version="", licenses=[], purl=""):
        case {"name": str(name), "version": str(version), "licenses": [*licenses], "purl": str(purl)}:
            return Component(name, version, ", ".join(map(_license, licenses)), purl)
        case _:
            msg = "a component does not have the shape of CycloneDX"
            raise ValueError(msg)


def _license(value: object) -> str:
    match value:
        case {"expression": str(text)} | {"license": {"id": str(text)}} | {"license": {"name": str(text)}}:
            return text
        case _:
            msg = "a license does not have the shape of CycloneDX"
            raise ValueError(msg)


def _with_defaults(value: object, **defaults: object) -> object:
    return {**defaults, **value} if isinstance(value, dict) else value


def _member(release: EmbeddedRelease) -> re.Pattern[str]:
    """Return the path of the SBOM in a wheel. Other programs may add SBOMs of their own with other names."""
    stem = release.filename.rpartition(".")[0]
    return re.compile(rf"[^/]+\.dist-info/sboms/{re.escape(stem + SBOM_SUFFIX)}")


def _unusable(cause: str, where: str) -> ArchiveError:
    return ArchiveError(Problem(f"the SBOM cannot be used: {cause[:500]}", _HINT, Location(where), code="TBX409"))
