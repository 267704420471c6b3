"""The source that a release is built from again: a folder, an sdist, or the commit that its statement names.

The statement is not trusted.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.short_forms import short_id
from hatch_tilebox.discovery.process import run
from hatch_tilebox.project.git import LOCATIONS, open_repository
from hatch_tilebox.project.releases import read_config
from hatch_tilebox.project.repository import find_projects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.attestations.statement import Provenance
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.core.source_commit import SourceCommit

_SDIST_SUFFIX = ".tar.gz"
_CODE = "TBX420"
_LIMIT = 1800.0
"""Seconds that one command of git may take: a repository is fetched with its history."""
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_URL = re.compile(r"(?:(?:https|ssh)://(?:git@)?[A-Za-z0-9\[][^\s@]*|file:///\S*)")
# Nothing of the repository runs: no hooks, no monitor of files, no submodules. A login is never asked for.
_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "credential.interactive=false",
    "advice.detachedHead=false",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "LC_ALL": "C",
}


@dataclass(frozen=True)
class Source:
    """The unpacked source in `folder`. `place` is where it is from: a path or a URL. `commit` is None unless it was checked out."""

    kind: Literal["commit", "folder", "sdist"]
    folder: Path
    place: str
    commit: SourceCommit | None = None

    def project(self, slug: str) -> Path:
        """Return the folder of the project of the workflow `slug` in the source. Raises ConfigError without exactly one."""
        found = [root for root in find_projects(self.folder) if _slug(root) == slug]
        if len(found) == 1:
            return found[0]
        names = ", ".join(str(root.relative_to(self.folder.resolve())) for root in found)
        message = (
            f"several projects in {self.place} are the workflow {slug}: {names}"
            if found
            else f"{self.place} has no workflow {slug}"
        )
        raise ConfigError(Problem(message, "name the folder of the project: --rebuild FOLDER", code=_CODE))


def _slug(root: Path) -> str | None:
    try:
        return read_config(root).workflow.slug
    except ConfigError:  # another project of the repository may be broken
        return None


def open_source(named: Path | None, archive: Path, statement: Provenance | None, folder: Path, progress: Progress) -> Source:
    """Return the source `named`, by default the commit in the statement beside the archive.

    Sdists and commits are unpacked in `folder`. Raises ConfigError if there is no such source.
    """
    if named is not None and named.is_dir():
        return Source("folder", named, str(named))
    target = folder / "source"
    progress.started("Preparing the source")
    if named is not None:
        source = Source("sdist", _unpack(named, target), str(named))
        summary = named.name
    else:
        commit = _recorded(archive, statement)
        place = _check_out(commit, target, [Path.cwd(), archive.resolve().parent])
        source = Source("commit", target, place, commit)
        summary = f"commit {short_id(commit.id)} of {place}"
    progress.finished(summary)
    return source


def _recorded(archive: Path, statement: Provenance | None) -> SourceCommit:
    if statement and statement.source:
        return statement.source
    what = (
        "was built from a folder without a commit" if statement else "has no statement of provenance beside it that names a commit"
    )
    raise ConfigError(Problem(f"{archive.name} {what}", "name the source: --rebuild FOLDER, or an sdist", code=_CODE))


def _unpack(sdist: Path, target: Path) -> Path:
    """Unpack an sdist into the new folder `target`, and return the one folder in it. Raises ConfigError."""
    where = Location(str(sdist))
    if not sdist.name.endswith(_SDIST_SUFFIX):
        raise ConfigError(Problem(f"a source is a folder, or an sdist (*{_SDIST_SUFFIX})", location=where, code=_CODE))
    if not hasattr(tarfile, "data_filter"):
        raise ConfigError(
            Problem("an sdist is unpacked safely from Python 3.10.12 and 3.11.4 on", "use a newer Python", code=_CODE)
        )
    target.mkdir()
    try:
        with tarfile.open(sdist, "r:gz") as file:
            file.extractall(target, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ConfigError(Problem(f"cannot be unpacked as an sdist: {error}", location=where, code=_CODE)) from error
    found = [*target.iterdir()]
    if len(found) != 1 or not found[0].is_dir():
        raise ConfigError(Problem("an sdist has one folder at its top", location=where, code=_CODE))
    return found[0]


def _check_out(source: SourceCommit, folder: Path, near: Iterable[Path]) -> str:
    """Check out a commit into the new folder `folder`, and return the repository that has it: a path, else a URL.

    A repository around one of the folders in `near` is preferred to the recorded one, which has to be fetched. Raises ConfigError
    if the commit or the URL is not safe to use, or the commit is not found.
    """
    if not _COMMIT.fullmatch(source.id):
        raise ConfigError(_cannot(f"the statement names the commit {source.id!r}, which is not the id of a commit in full"))
    local = _repository_with(source.id, near)
    shared, repository = (["--shared"], str(local)) if local else ([], _checked_url(source))
    _git("clone", "--quiet", "--no-checkout", *shared, "--template=", "--", repository, folder.name, at=folder.parent)
    if not local and _git("cat-file", "-e", f"{source.id}^{{commit}}", at=folder, check=False):
        _git("fetch", "--quiet", "--no-recurse-submodules", "origin", source.id, at=folder)
    _git("checkout", "--quiet", "--detach", source.id, at=folder)
    return repository


def _repository_with(commit: str, near: Iterable[Path]) -> Path | None:
    for folder in near:
        try:
            repository = open_repository(folder)
        except ConfigError:
            continue
        if repository.ask("cat-file", "-e", f"{commit}^{{commit}}") is not None:
            return repository.top
    return None


def _checked_url(source: SourceCommit) -> str:
    if source.repository is None:
        raise ConfigError(_cannot(f"commit {source.id} is in no repository here, and the statement names no other"))
    if not _URL.fullmatch(source.repository):
        allowed = "a repository is fetched from https://, ssh:// or file:// without a login"
        raise ConfigError(_cannot(f"the statement names the repository {source.repository!r}; {allowed}"))
    return source.repository


def _cannot(message: str, details: str | None = None) -> Problem:
    hint = "run this in a clone that has the commit, or name the source: --rebuild FOLDER, or an sdist"
    return Problem(message, hint, details=details, code=_CODE)


def _git(*arguments: str, at: Path, check: bool = True) -> int:
    """Run git and return its exit code. Raises ConfigError with the words of git if it fails and `check` is set."""
    program = shutil.which("git")
    if program is None:
        raise ConfigError(_cannot("the program git is not found"))
    environment = {name: value for name, value in os.environ.items() if name not in LOCATIONS}
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    done = run([program, *settings, *arguments], folder=at, environment={**environment, **_ENVIRONMENT}, timeout=_LIMIT)
    if check and done.returncode:
        late = f" did not end after {_LIMIT:.0f} seconds" if done.timed_out else " failed"
        raise ConfigError(_cannot(f"git {arguments[0]}{late}", done.errors.strip() or None))
    return done.returncode
