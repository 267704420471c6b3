"""The commits of a Git repository, read with the program `git`, and new repositories."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.errors import ConfigError, Problem
from hatch_tilebox.core.urls import display_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NO_COMMIT = "TBX026"
NO_GIT = "TBX027"
_LIMIT = 120.0
"""Seconds that one command of git may take."""
_DEFAULT_BRANCHES = ("main", "master")
# A commit hook of git sets these. They would lead to another repository or index.
LOCATIONS = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"})
_SSH = re.compile(r"ssh://git@(?P<place>[^@?#]+)")
_SHORT_SSH = re.compile(r"(?P<user>[^/:@]+@)?(?P<host>[^/:@]{2,}):(?P<path>[^@?#:]+)")
"""`git@host:path`. One letter before the colon is a drive."""
_SETTINGS = ("-c", "core.fsmonitor=false")  # it may be a program


class TreeEntry(NamedTuple):
    """A file of a commit. `mode` is as in git: 100644, 100755 (executable), 120000 (a link) or 160000 (a submodule)."""

    mode: str
    id: str


@dataclass(frozen=True)
class Repository:
    """The working tree in the folder `top`. Paths of files are relative to it, with `/` between parts."""

    top: Path

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Return what git prints. Raises ConfigError with the words of git if it fails."""
        return _output(arguments[0], _git(self.top, *arguments, given=given))

    def ask(self, *arguments: str) -> str | None:
        """Return the line that git prints, None if git fails."""
        done = _git(self.top, *arguments)
        return None if done.returncode else os.fsdecode(done.stdout).strip()

    @cached_property
    def is_shallow(self) -> bool:
        """Whether the clone has only the newest commits."""
        return self.ask("rev-parse", "--is-shallow-repository") == "true"

    def commit(self, ref: str) -> str:
        """Return the id of the commit that `ref` names. Raises ConfigError if there is none."""
        # A name that begins with a hyphen is not an option.
        found = self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found:
            return found
        raise ConfigError(Problem(f"git has no commit {ref!r} here", self._how_to_fetch(ref), code=NO_COMMIT))

    def merge_base(self) -> str:
        """Return the id of the newest commit that HEAD and the default branch have in common. Raises ConfigError without one."""
        self.commit("HEAD")
        branch = self._default_branch()
        if found := self.ask("merge-base", "HEAD", branch):
            return found
        remote, _, name = branch.partition("/") if branch.startswith(f"{self._remote}/") else (self._remote, "", branch)
        message = f"git finds no commit that HEAD and {branch} have in common"
        hint = "name the commit to compare with: --changed COMMIT"
        if self.is_shallow:
            message += ", because this clone is shallow"
            hint = f"run: git fetch --unshallow {remote} {name}; or {hint}"
        raise ConfigError(Problem(message, hint, code=NO_COMMIT))

    def tree(self, commit: str) -> dict[str, TreeEntry]:
        """Return the files of a commit by path, sorted."""
        entries = {}
        for record in self.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
            about, _, path = record.partition(b"\t")
            mode, _, identifier = about.decode().split(" ")
            entries[os.fsdecode(path)] = TreeEntry(mode, identifier)
        return entries

    def differing(self, commit: str) -> frozenset[str]:
        """Return the paths of the files of a commit or of the index that are not the same in the working tree."""
        options = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none")
        found = self.run("diff", *options, commit, "--")
        return frozenset(os.fsdecode(path) for path in found.split(b"\0")[:-1])

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the ids that files of the working tree would have in a commit, by path.

        Names with a line break or with a quote at the beginning are left out: git reads them in another way.
        """
        named = [path for path in paths if "\n" not in path and not path.startswith('"')]
        if not named:
            return {}
        found = self.run("hash-object", "--stdin-paths", given=b"".join(os.fsencode(path) + b"\n" for path in named))
        return dict(zip(named, found.decode().split(), strict=True))

    def contents(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of objects by their ids."""
        wanted = sorted(set(ids))
        found = self.run("cat-file", "--batch", given="".join(f"{each}\n" for each in wanted).encode())
        contents, at = {}, 0
        for each in wanted:
            end = found.index(b"\n", at)
            header = found[at:end].split()
            if len(header) != 3:  # noqa: PLR2004 -- id, type, size; or id, "missing"
                raise ConfigError(Problem(f"git does not have the object {each}", "run: git fsck", code=NO_GIT))
            size = int(header[2])
            contents[each] = found[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return contents

    @cached_property
    def _remote(self) -> str:
        remotes = (self.ask("remote") or "").split()
        return "origin" if "origin" in remotes or not remotes else remotes[0]

    def _default_branch(self) -> str:
        """Return the name of the default branch: that of the remote, else of this clone."""
        remote = self._remote
        if found := self.ask("symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD"):
            return found
        names = [*_DEFAULT_BRANCHES, self.ask("config", "init.defaultBranch") or "main"]
        for prefix, start in (("refs/remotes/", f"{remote}/"), ("refs/heads/", "")):
            for name in names:
                if self.ask("rev-parse", "--verify", "--quiet", f"{prefix}{start}{name}^{{commit}}"):
                    return f"{start}{name}"
        shallow = "--unshallow " if self.is_shallow else ""
        hint = (
            f"fetch it, for example: git fetch {shallow}{remote} +refs/heads/main:refs/remotes/{remote}/main\n"
            "or name the commit to compare with: --changed COMMIT"
        )
        raise ConfigError(Problem("git has no default branch here to compare with", hint, code=NO_COMMIT))

    def _how_to_fetch(self, ref: str) -> str:
        if Path(ref).is_dir():
            return "write a folder before --changed"
        if parents := re.search(r"[~^](\d*)", ref):
            if self.is_shallow:
                return f"this clone is shallow; run: git fetch --deepen={parents[1] or 1} {self._remote}"
        elif self._remote and self.ask("remote"):
            name = ref.removeprefix(f"{self._remote}/")
            target = f"+refs/heads/{name}:refs/remotes/{ref}" if name != ref else name
            return f"fetch it: git fetch {'--depth=1 ' if self.is_shallow else ''}{self._remote} {target}"
        return "name a commit, a branch or a tag of this repository"


def open_repository(folder: Path) -> Repository:
    """Return the repository that has the folder. Raises ConfigError if there is none, or no git."""
    done = _git(folder, "rev-parse", "--show-toplevel")
    if done.returncode and b"not a git repository" in done.stderr:
        hint = "run this in a clone, or leave out --changed"
        raise ConfigError(Problem(f"{folder} is not in a Git repository", hint, code=NO_GIT))
    return Repository(Path(os.fsdecode(_output("rev-parse", done)).rstrip("\n")).resolve())


def create_repository(folder: Path) -> bool:
    """Make the folder a repository, and return whether that was done: it needs git."""
    return shutil.which("git") is not None and _git(folder, "init", "--quiet").returncode == 0


def repository_url(remote: str) -> str:
    """Return the address of a remote as a URL that git can fetch from, without logins; the user `git` of an SSH server stays."""
    if found := _SSH.fullmatch(remote):
        return f"ssh://git@{found['place']}"
    if "://" not in remote and (found := _SHORT_SSH.fullmatch(remote)):
        user = "git@" if found["user"] == "git@" else ""
        return f"ssh://{user}{found['host']}/{found['path'].lstrip('/')}"
    return Path(remote).as_uri() if Path(remote).is_absolute() else display_url(remote)


def _git(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git, without locks of the index, prompts and pagers. Raises ConfigError without git."""
    program = shutil.which("git")
    if program is None:
        raise ConfigError(Problem("the program git is not found", "install it, or leave out --changed", code=NO_GIT))
    environment: Mapping[str, str] = {
        **{name: value for name, value in os.environ.items() if name not in LOCATIONS},
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    command = [program, *_SETTINGS, *arguments]
    try:
        return subprocess.run(command, cwd=folder, env=environment, input=given, capture_output=True, timeout=_LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConfigError(Problem(f"git {arguments[0]} did not end after {_LIMIT:.0f} seconds", code=NO_GIT)) from error


def _output(command: str, done: subprocess.CompletedProcess[bytes]) -> bytes:
    """Return what git printed. Raises ConfigError with the words of git if it failed."""
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip()
        raise ConfigError(Problem(f"git {command} failed", details=words, code=NO_GIT))
    return done.stdout
