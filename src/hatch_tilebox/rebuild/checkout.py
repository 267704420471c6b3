"""The files of a recorded commit, in a folder of their own. The statement that names the commit is not trusted."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ConfigError, Problem
from hatch_tilebox.discovery.process import run
from hatch_tilebox.project.git import LOCATIONS, open_repository

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_tilebox.core.source_commit import SourceCommit

CANNOT = "TBX420"
_LIMIT = 1800.0
"""Seconds that one command of git may take: a repository is fetched with its history."""
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_URL = re.compile(r"(?:(?:https|ssh)://(?:git@)?[A-Za-z0-9\[][^\s@]*|file:///\S*)")
_PROTOCOLS = "https:ssh:file"
# Nothing of the repository runs: no hooks, no monitor of files, no submodules. A login is never asked for.
_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "credential.interactive=false",
    "advice.detachedHead=false",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "LC_ALL": "C",
}


def check_out(source: SourceCommit, folder: Path, near: Iterable[Path]) -> str:
    """Check out a commit into the new folder `folder`, and return the repository that has it: a path, else a URL.

    A repository around one of the folders in `near` is preferred to the recorded one, which has to be fetched. Raises ConfigError
    if the commit or the URL is not safe to use, or the commit is not found.
    """
    if not _COMMIT.fullmatch(source.id):
        raise ConfigError(_cannot(f"the statement names the commit {source.id!r}, which is not the id of a commit in full"))
    if local := _repository_with(source.id, near):
        _git("clone", "--quiet", "--no-checkout", "--shared", "--template=", "--", str(local), folder.name, at=folder.parent)
    else:
        _git("clone", "--quiet", "--no-checkout", "--template=", "--", _checked_url(source), folder.name, at=folder.parent)
    if not local and _git("cat-file", "-e", f"{source.id}^{{commit}}", at=folder, check=False):
        _git("fetch", "--quiet", "--no-recurse-submodules", "origin", source.id, at=folder)
    _git("checkout", "--quiet", "--detach", source.id, at=folder)
    return str(local or source.repository)


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
    return Problem(message, hint, details=details, code=CANNOT)


def _git(*arguments: str, at: Path, check: bool = True) -> int:
    """Run git and return its exit code. Raises ConfigError with the words of git if it fails and `check` is set."""
    program = shutil.which("git")
    if program is None:
        raise ConfigError(_cannot("the program git is not found"))
    environment = {name: value for name, value in os.environ.items() if name not in LOCATIONS}
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    done = run(
        [program, *settings, *arguments],
        folder=at,
        environment={**environment, **_ENVIRONMENT},
        timeout=_LIMIT,
    )
    if check and done.returncode:
        late = f" did not end after {_LIMIT:.0f} seconds" if done.timed_out else " failed"
        raise ConfigError(_cannot(f"git {arguments[0]}{late}", done.errors.strip() or None))
    return done.returncode
