"""The statement of where a release was built from, and with what: one value, its JSON, and the file beside the archive.

Source: the in-toto statement, version 1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md), with the SLSA
provenance predicate, version 1 (https://slsa.dev/spec/v1.0/provenance)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hatch_tilebox.core.constants import LOCK_NAME, PROVENANCE_SUFFIX
from hatch_tilebox.core.errors import ArchiveError, Location, Problem
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import read_document
from hatch_tilebox.core.source_commit import SourceCommit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:hatch-tilebox:build:1"
UNKNOWN_BUILDER = "urn:hatch-tilebox:builder:unknown"
"""The builder if the build does not run in a CI service that names itself: someone's machine."""
MAX_SIZE = 16 * 2**20
"""The largest statement that is read, in bytes. It names each modified file."""

Origin = Literal["repository", "sdist", "folder"]
"""What the release was built from; a folder is in no repository."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_GIT = "git+"
_UNNAMED = "source"
_SDIST = re.compile(r".+\.tar\.gz")
_LOCK = re.compile(re.escape(LOCK_NAME))
_TYPES = (STATEMENT_TYPE, PREDICATE_TYPE, BUILD_TYPE)


@dataclass(frozen=True)
class Subject:
    """A file that the build has made, or was made from."""

    name: str
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the file as a statement describes it."""
        return {"name": self.name, "digest": {"sha256": self.sha256}}


@dataclass(frozen=True)
class Provenance:
    """What a statement says. The first subject is the archive.

    `source` is the commit, None for a folder without one; an sdist carries the commit that it was built from. `lock` is the SHA-256
    of `uv.lock` in the release. `versions` are those of the programs that decide about the bytes: hatch-tilebox, hatchling, python,
    uv and zstd. `frontend` is the program that was started to build, `sdist` the file that a release from an sdist was built from,
    where they are known. `invocation` is the URL of the run of the CI service, `finished` the time in UTC.
    """

    subjects: tuple[Subject, ...]
    workflow: str
    project: str
    version: str
    fingerprint: str
    origin: Origin
    source: SourceCommit | None
    lock: str | None
    builder: str
    versions: Mapping[str, str]
    frontend: str | None = None
    sdist: Subject | None = None
    invocation: str | None = None
    finished: str | None = None

    def to_bytes(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(self._to_dict(), indent=2, ensure_ascii=False).encode() + b"\n"

    def _to_dict(self) -> dict[str, Any]:
        source = self.source
        dependencies: list[dict[str, Any]] = []
        if source:
            dependencies.append({**_repository(source), "digest": {"gitCommit": source.id}})
        if self.sdist:
            dependencies.append(self.sdist.to_dict())
        if self.lock:
            dependencies.append(Subject(LOCK_NAME, self.lock).to_dict())
        metadata = {"invocationId": self.invocation, "finishedOn": self.finished}
        return {
            "_type": STATEMENT_TYPE,
            "subject": [subject.to_dict() for subject in self.subjects],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": {
                        "workflow": self.workflow,
                        "project": self.project,
                        "version": self.version,
                        "fingerprint": self.fingerprint,
                    },
                    "internalParameters": {
                        "from": self.origin,
                        "modified": list(source.modified) if source else None,
                        "frontend": self.frontend,
                    },
                    "resolvedDependencies": dependencies,
                },
                "runDetails": {
                    "builder": {"id": self.builder, "version": dict(self.versions)},
                    "metadata": {name: value for name, value in metadata.items() if value is not None},
                },
            },
        }


def parse_provenance(content: bytes) -> Provenance:
    """Return what a statement of hatch-tilebox says. Raises ValueError for every other content."""
    match parse_json(content):
        case {
            "_type": str() as statement_type,
            "subject": [_, *_] as subjects,
            "predicateType": str() as predicate_type,
            "predicate": {
                "buildDefinition": {
                    "buildType": str() as build_type,
                    "externalParameters": {
                        "workflow": str() as workflow,
                        "project": str() as project,
                        "version": str() as version,
                        "fingerprint": str() as fingerprint,
                    },
                    "internalParameters": {
                        "from": ("repository" | "sdist" | "folder") as origin,
                        "modified": (None | [*_]) as modified,
                        **others,
                    },
                    "resolvedDependencies": [*dependencies],
                },
                "runDetails": {"builder": {"id": str() as builder, "version": {**versions}}, "metadata": {**metadata}},
            },
        } if (statement_type, predicate_type, build_type) == _TYPES:
            return Provenance(
                subjects=tuple(map(_subject, subjects)),
                workflow=workflow,
                project=project,
                version=version,
                fingerprint=fingerprint,
                origin=origin,
                source=_source(dependencies, modified),
                lock=_lock(dependencies),
                builder=builder,
                versions={_text(name): _text(value) for name, value in versions.items()},
                frontend=_optional(others.get("frontend")),
                sdist=next(iter(_files(dependencies, _SDIST)), None),
                invocation=_optional(metadata.get("invocationId")),
                finished=_optional(metadata.get("finishedOn")),
            )
        case _:
            msg = f"it is not a statement with the build type {BUILD_TYPE}"
            raise ValueError(msg)


def provenance_path(archive: Path) -> Path:
    """Return the path of the statement about the release in the file `archive`."""
    return archive.with_suffix(PROVENANCE_SUFFIX)


def read_provenance(archive: Path, sha256: str) -> Provenance | None:
    """Return what the statement beside an archive with this digest says, None without one.

    Raises ArchiveError if it cannot be read, is not a statement of hatch-tilebox, or is about another archive.
    """
    content = read_statement(archive)
    return None if content is None else bound_provenance(content, archive, sha256)


def read_statement(archive: Path) -> bytes | None:
    """Return the content of the statement beside an archive, None without one. Raises ArchiveError if it cannot be read."""
    path = provenance_path(archive)
    try:
        return read_document(path, MAX_SIZE)
    except ValueError as error:
        raise _unusable(path, str(error)) from error


def bound_provenance(content: bytes, archive: Path, sha256: str) -> Provenance:
    """Return what the statement `content` says about the archive with this digest. Raises ArchiveError if it is about another."""
    path = provenance_path(archive)
    try:
        provenance = parse_provenance(content)
    except ValueError as error:
        raise _unusable(path, str(error)) from error
    if sha256 not in {subject.sha256 for subject in provenance.subjects}:
        message = f"the statement is not about {archive.name}, whose digest is sha256:{sha256}"
        hint = f"build the release again with the option provenance, or remove {path.name}"
        raise ArchiveError(Problem(message, hint, Location(str(path)), code="TBX521"))
    return provenance


def _unusable(path: Path, cause: str) -> ArchiveError:
    hint = f"build the release again with the option provenance, or remove {path.name}"
    return ArchiveError(Problem(f"cannot be read as a statement of provenance: {cause}", hint, Location(str(path)), code="TBX407"))


def _repository(source: SourceCommit) -> dict[str, str]:
    if source.repository is None:
        return {"name": _UNNAMED}
    return {"uri": f"{_GIT}{source.repository}" + (f"@{source.ref}" if source.ref else "")}


def _subject(value: object) -> Subject:
    match value:
        case {"name": str() as name, "digest": {"sha256": str() as digest}} if _SHA256.fullmatch(digest):
            return Subject(name, digest)
        case _:
            msg = "a file needs a name, and a sha256 of 64 hex digits"
            raise ValueError(msg)


def _source(dependencies: list[object], modified: list[object] | None) -> SourceCommit | None:
    """Return the commit among the dependencies. Raises ValueError for several ones, or one that is not written in full."""
    found = [item for item in dependencies if isinstance(item, dict) and "gitCommit" in _digest(item)]
    if not found:
        return None
    commit = _text(_digest(found[0])["gitCommit"])
    if len(found) > 1 or not _COMMIT.fullmatch(commit) or modified is None:
        msg = "it must name one commit, by its id in hex, with the modified files"
        raise ValueError(msg)
    uri = _optional(found[0].get("uri"))
    if uri is None:
        repository, ref = None, ""
    elif uri.startswith(_GIT):
        repository, _, ref = uri.removeprefix(_GIT).partition("@refs/")  # an SSH server has a user before another @
    else:
        msg = "the uri of the repository must begin with git+"
        raise ValueError(msg)
    return SourceCommit(commit, repository, tuple(map(_text, modified)), f"refs/{ref}" if ref else None)


def _lock(dependencies: list[object]) -> str | None:
    found = _files(dependencies, _LOCK)
    return found[0].sha256 if found else None


def _files(dependencies: list[object], name: re.Pattern[str]) -> list[Subject]:
    """Return the dependency whose name matches, if there is one. Raises ValueError for several ones, or one without a digest."""
    found = [
        _subject(item)
        for item in dependencies
        if isinstance(item, dict) and isinstance(item.get("name"), str) and name.fullmatch(item["name"])
    ]
    if len(found) > 1:
        msg = f"it must name one file like {found[0].name}"
        raise ValueError(msg)
    return found


def _digest(item: dict[str, Any]) -> dict[str, Any]:
    value = item.get("digest")
    return value if isinstance(value, dict) else {}


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    msg = f"a text is expected, not {type(value).__name__}"
    raise ValueError(msg)
