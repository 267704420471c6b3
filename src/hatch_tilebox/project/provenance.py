"""The provenance of a release: an unsigned statement of where it was built from, and with what.

Source: the in-toto statement, version 1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md), with the SLSA
provenance predicate, version 1 (https://slsa.dev/spec/v1.0/provenance)
"""

from __future__ import annotations

import json
import platform
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hatch_tilebox.archive.zstd import zstd_version
from hatch_tilebox.core.constants import LOCK_NAME, PROVENANCE_SUFFIX
from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.files import file_digest, whole_file
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.source_commit import SourceCommit
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.discovery.environment import uv_version
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.project.git import open_repository
from hatch_tilebox.selection.sdist_record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hatch_tilebox.core.model import Artifact, ReleaseManifest

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:hatch-tilebox:build:1"
UNKNOWN_BUILDER = "urn:hatch-tilebox:builder:unknown"
"""The builder if the build does not run in a CI service that names itself: someone's machine."""


def source_commit(root: Path, paths: Iterable[Path]) -> SourceCommit | None:
    """Return the commit that the folder `root` is at; in an unpacked sdist, the one that the sdist has recorded; else None.

    `paths` are the files and folders of the release; those that differ from the commit are named.
    """
    if recorded := read_record(str(root)).source:
        return recorded
    try:
        repository = open_repository(root)
        commit = repository.commit("HEAD")
        differing = repository.differing(commit)
        known = repository.tree(commit).keys()
    except ConfigError:
        return None
    modified = set()
    for path in paths:
        if not path.is_relative_to(repository.top):
            continue
        name = path.relative_to(repository.top).as_posix()
        if path.is_dir():
            modified |= {each for each in differing if each.startswith(f"{name}/")}
        elif name in differing or name not in known:
            modified.add(name)
    remote = repository.ask("remote", "get-url", "origin")
    return SourceCommit(commit, display_url(remote) if remote else None, tuple(sorted(modified)))


def write_provenance(
    manifest: ReleaseManifest, artifact: Artifact, source: SourceCommit | None, *, from_sdist: bool, environ: Mapping[str, str]
) -> Path:
    """Write the statement about a release beside it, and return its path. `environ` names the CI service that builds it."""
    path = artifact.path.with_suffix(PROVENANCE_SUFFIX)
    _write(path, _statement(manifest, artifact, source, from_sdist=from_sdist, environ=environ))
    return path


def add_subject(path: Path, built: Path) -> None:
    """Add another file of the same build, the wheel, to the statement in the file `path`."""
    statement = parse_json(path.read_bytes())
    statement["subject"].append({"name": built.name, "digest": {"sha256": file_digest(built)}})
    _write(path, statement)


def _write(path: Path, statement: Mapping[str, Any]) -> None:
    with whole_file(path) as file:
        file.write(json.dumps(statement, indent=2, ensure_ascii=False).encode() + b"\n")


def _statement(
    manifest: ReleaseManifest, artifact: Artifact, source: SourceCommit | None, *, from_sdist: bool, environ: Mapping[str, str]
) -> dict[str, Any]:
    dependencies: list[dict[str, Any]] = []
    if source:
        repository = {"uri": f"git+{source.repository}"} if source.repository else {"name": "source"}
        dependencies.append({**repository, "digest": {"gitCommit": source.id}})
    dependencies += [{"name": LOCK_NAME, "digest": {"sha256": file.sha256}} for file in manifest.files if file.path == LOCK_NAME]
    builder, invocation = _builder(environ)
    finished = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": artifact.path.name, "digest": {"sha256": artifact.sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "workflow": manifest.workflow.slug,
                    "project": manifest.project.name,
                    "version": manifest.project.version,
                    "fingerprint": manifest.fingerprint,
                },
                "internalParameters": {
                    "from": "sdist" if from_sdist else "repository" if source else "folder",
                    "modified": list(source.modified) if source else None,
                },
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {"id": builder, "version": _versions()},
                "metadata": {**({"invocationId": invocation} if invocation else {}), "finishedOn": finished},
            },
        },
    }


def _versions() -> dict[str, str]:
    """Return the versions of what decides about the bytes of a release."""
    return {
        "hatch-tilebox": version("hatch-tilebox"),
        "hatchling": version("hatchling"),
        "python": platform.python_version(),
        "uv": uv_version(require_uv()),
        "zstd": zstd_version,
    }


def _builder(environ: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the id of the builder, and the URL of its run.

    Source: https://docs.github.com/actions/reference/variables-reference and https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    if environ.get("GITHUB_ACTIONS") == "true" and (workflow := environ.get("GITHUB_WORKFLOW_REF")):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        run = f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{environ.get('GITHUB_RUN_ID', '')}"
        return f"{server}/{workflow}", f"{run}/attempts/{environ.get('GITHUB_RUN_ATTEMPT', '1')}"
    if environ.get("GITLAB_CI") == "true" and (project := environ.get("CI_PROJECT_URL")):
        return f"{project}/-/runners/{environ.get('CI_RUNNER_ID', '')}", environ.get("CI_JOB_URL")
    return UNKNOWN_BUILDER, None


def is_unpacked_sdist(root: Path) -> bool:
    """Whether the folder is an unpacked sdist."""
    return (root / "PKG-INFO").is_file() and not (root / ".git").exists()
