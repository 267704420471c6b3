"""The provenance of a release: where it was built from, and with what."""

from __future__ import annotations

import os
import platform
import tarfile
import zlib
from dataclasses import replace
from datetime import datetime, timezone
from importlib.metadata import version
from typing import IO, TYPE_CHECKING

from hatch_tilebox.archive.zstd import zstd_version
from hatch_tilebox.attestations.statement import UNKNOWN_BUILDER, Provenance, Subject, parse_provenance, provenance_path
from hatch_tilebox.core.constants import LOCK_NAME, SIGNATURE_SUFFIX
from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.files import file_digest, whole_file
from hatch_tilebox.core.paths import inside, open_regular
from hatch_tilebox.core.source_commit import SourceCommit
from hatch_tilebox.discovery.run_uv import uv_version
from hatch_tilebox.project.git import open_repository, repository_url
from hatch_tilebox.selection.sdist_record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hatch_tilebox.core.model import Artifact, ReleaseManifest

_CHUNK = 2**20


def source_commit(root: Path, paths: Iterable[Path]) -> SourceCommit | None:
    """Return the commit that the folder `root` is at; in an unpacked sdist, the one that the sdist has recorded; else None.

    `paths` are the files and folders of the release; those that differ from the commit are named. CI services check out a commit
    without its branch; they name it in the environment.
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
    names = tuple(sorted(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name in modified))
    ref = _ci_ref(commit, os.environ) or repository.ask("symbolic-ref", "--quiet", "HEAD")
    return SourceCommit(commit, repository_url(remote) if remote else None, names, ref)


def _ci_ref(commit: str, environ: Mapping[str, str]) -> str | None:
    """Return the branch or the tag that the CI service has checked out, if it has checked out this commit.

    Source: https://docs.github.com/actions/reference/variables-reference and https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    if environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_SHA") == commit:
        return environ.get("GITHUB_REF")
    if environ.get("GITLAB_CI") == "true" and environ.get("CI_COMMIT_SHA") == commit:
        for prefix, variable in (("refs/tags/", "CI_COMMIT_TAG"), ("refs/heads/", "CI_COMMIT_BRANCH")):
            if name := environ.get(variable):
                return prefix + name
        return environ.get("CI_MERGE_REQUEST_REF_PATH")
    return None


def write_provenance(
    manifest: ReleaseManifest,
    artifact: Artifact,
    source: SourceCommit | None,
    *,
    from_sdist: bool = False,
    sdist: Path | None = None,
    frontend: str | None = None,
) -> Path:
    """Write the statement about a release beside it, and return its path.

    `source` is None if it is not known, so is the file `sdist` of a release `from_sdist`. `frontend` is the program that was
    started to build.
    """
    builder, invocation = _builder(os.environ)
    provenance = Provenance(
        subjects=(Subject(artifact.path.name, artifact.sha256),),
        workflow=manifest.workflow.slug,
        project=manifest.project.name,
        version=manifest.project.version,
        fingerprint=manifest.fingerprint,
        origin="sdist" if from_sdist else "repository" if source else "folder",
        source=source,
        lock=next((file.sha256 for file in manifest.files if file.path == LOCK_NAME), None),
        builder=builder,
        versions=program_versions(),
        frontend=frontend,
        sdist=Subject(sdist.name, file_digest(sdist)) if sdist else None,
        invocation=invocation,
        finished=datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
    path = provenance_path(artifact.path)
    _write(path, provenance)
    return path


def add_subject(path: Path, built: Path) -> None:
    """Add another file of the same build, the wheel or the sdist, to the statement in the file `path`."""
    provenance = parse_provenance(path.read_bytes())
    _write(path, replace(provenance, subjects=(*provenance.subjects, Subject(built.name, file_digest(built)))))


def _write(path: Path, provenance: Provenance) -> None:
    path.with_suffix("").with_suffix(SIGNATURE_SUFFIX).unlink(missing_ok=True)  # that of the statement before
    with whole_file(path) as file:
        file.write(provenance.to_bytes())


def program_versions() -> dict[str, str]:
    """Return the versions of what decides about the bytes of a release."""
    return {
        "hatch-tilebox": version("hatch-tilebox"),
        "hatchling": version("hatchling"),
        "python": platform.python_version(),
        "uv": uv_version(),
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


def matching_sdist(root: Path, stem: str, directory: Path, needed: Iterable[str]) -> Path | None:
    """Return the sdist in `directory` that the folder `root` was unpacked from, None if there is none.

    Frontends do not name the sdist that they build from, but most write it to the folder of the wheel. `stem` is its name without
    the suffix. It is the one if `root` has each of its files with the same bytes, and if it has the `needed` files of the release.
    """
    sdist = directory / f"{stem}.tar.gz"
    try:
        # A pipe as the name of the sdist must not hold up the build, so the file is opened first.
        with open_regular(sdist) as file, tarfile.open(fileobj=file, mode="r:gz") as archive:
            held = _same_files(archive, root, stem)
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error):
        return None
    return sdist if held is not None and held.issuperset(needed) else None


def _same_files(archive: tarfile.TarFile, root: Path, stem: str) -> set[str] | None:
    """Return the paths of the files in the archive, below its one folder; None if one of them differs from that in `root`."""
    held = set()
    for member in archive:
        if member.isdir():
            continue
        top, _, name = member.name.partition("/")
        source = archive.extractfile(member) if member.isreg() else None
        if source is None or top != stem:
            return None
        with open_regular(inside(root, *name.split("/"))) as file:
            if os.fstat(file.fileno()).st_size != member.size or not _same_bytes(source, file):
                return None
        held.add(name)
    return held


def _same_bytes(one: IO[bytes], other: IO[bytes]) -> bool:
    while chunk := one.read(_CHUNK):
        if chunk != other.read(len(chunk)):
            return False
    return not other.read(1)
