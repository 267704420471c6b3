"""Explain why uv cannot create the environment. Errors that uv explains well itself are shown unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.core.modules import SOURCE_FOLDER
from hatch_tilebox.core.pyproject import texts
from hatch_tilebox.core.suggestions import include_hint
from hatch_tilebox.discovery.diagnose.sources import PYPROJECT, sources_left_out
from hatch_tilebox.discovery.process import tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.core.pyproject import Pyproject

CACHE_HINT = "let HATCH_TILEBOX_CACHE_DIR name another folder"
_SYSTEM = (
    (
        r"No space left on device|os error 28|Disk quota exceeded",
        "there is no space left where the environment is created",
        f"free some, or {CACHE_HINT}",
    ),
    (
        r"failed to map segment from shared object|(query|spawn|execute|inspect)\b.*Permission denied \(os error 13\)",
        "the folder of the environment does not allow programs to run, as where it is mounted with `noexec`",
        CACHE_HINT,
    ),
    (
        r"Permission denied \(os error 13\)|Operation not permitted \(os error 1\)",
        "uv may not read or write a file or folder that it needs",
        "see below which one, and give the user who builds access to it",
    ),
    (r"Read-only file system|os error 30", "the environment cannot be created on a read-only file system", CACHE_HINT),
)
NO_SUCH_SOURCE = (
    r"is not a workspace member|references a workspace in `tool\.uv\.sources`"
    r"|Distribution not found at|does not appear to be a Python project"
)
_KNOWN = (
    (
        r"lockfile .*needs to be updated.*--locked",
        "uv.lock is stale: it does not fit pyproject.toml",
        "bring it up to date with `uv lock`",
        "TBX031",
    ),
    (
        r"current Python platform is not compatible with the lockfile's supported environments",
        "uv.lock is for other platforms than this one",
        "widen `environments` under [tool.uv] in pyproject.toml and run `uv lock`, or build on a platform that it names",
        "TBX214",
    ),
    (
        r"Failed to parse (`?uv\.lock|lockfile)(?!.*unsupported schema version)",
        "uv.lock cannot be read",
        "take it from the version control again (where a merge left conflicts in it: one side of them), then run `uv lock`",
        "TBX030",
    ),
    (
        r"401 Unauthorized|403 Forbidden|Missing credentials",
        "an index or repository refuses access to a package",
        "provide credentials: `uv auth login`, UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD, or a .netrc file",
        "TBX215",
    ),
)


def install_failed(words: str, files: FileSet, pyproject: Pyproject, *, timed_out: bool) -> Problem:
    """The problem for the output `words` of uv, in which paths are as in the project."""
    text = " ".join(words.replace("│", " ").split())
    if timed_out:
        hint = "run `uv sync -v` in the project to see what it waits for"
        problem = Problem("uv did not finish installing the dependencies", hint, code="TBX202")
    elif limit := system_limit(text):
        problem = Problem(*limit, code="TBX212")
    else:
        problem = _install_problem(text, files, pyproject)
    return problem._replace(details=tail(_condensed(words)))


def system_limit(text: str) -> tuple[str, str] | None:
    """Message and hint for an error of the system in the output `text` of a process, None without one."""
    return next(((message, hint) for pattern, message, hint in _SYSTEM if re.search(pattern, text)), None)


def _install_problem(text: str, files: FileSet, pyproject: Pyproject) -> Problem:
    failed = re.search(r"Failed to (?:build|generate package metadata for|prepare) `([A-Za-z0-9._-]+)", text)
    if pyproject.packaged and failed and normalized_name(failed[1]) == pyproject.name:
        return _project_does_not_build(text, files, pyproject)
    no_source = re.search(NO_SUCH_SOURCE, text)
    if no_source and (left_out := sources_left_out(files)):
        named = (problem for dependency, problem in left_out.items() if f"`{dependency}" in normalized_name(text))
        return next(named, next(iter(left_out.values())))
    for pattern, message, hint, code in _KNOWN:
        if re.search(pattern, text):
            return Problem(message, hint, code=code)
    if no_source:
        message = "a dependency is a path that the release does not hold"
        hint = "select it in [build] include in tilebox.workflow.toml if it is below the root, else publish it or use a Git source"
        return Problem(message, hint, PYPROJECT, code="TBX203")
    if failed:
        message = f"the dependency {failed[1]} has to be built from source here, and that failed"
        hint = "pin a version that has a wheel for this platform, or install what its build needs"
        return Problem(message, hint, PYPROJECT, code="TBX202")
    hint = "run `uv sync` in the project until it succeeds"
    return Problem("uv could not install the workflow's dependencies", hint, PYPROJECT, code="TBX202")


def _condensed(words: str) -> str:
    """The output of uv without messages about success and without the frames of build tools in tracebacks."""
    kept: list[str] = []
    depth: int | None = None
    for line in words.splitlines():
        indent = len(line) - len(line.lstrip())
        if depth is not None and (indent > depth or not line.strip()):
            continue
        depth = indent if re.match(r'\s*File ".*", line \d+', line) else None
        if depth is None and not re.match(r"\s*(Using C?P|Creating virtual|Resolved \d|\[stderr\]|Traceback \(most)", line):
            kept.append(line)
    return "\n".join(kept)


def _project_does_not_build(words: str, files: FileSet, pyproject: Pyproject) -> Problem:
    message = "the project itself does not build in the release folder, where only the selected files are"
    ways = []
    if not any(path.startswith(SOURCE_FOLDER) and path.endswith(".py") for path in files.paths):  # found without a build
        ways.append("set `package = false` under [tool.uv] in pyproject.toml, so that it does not have to be built")
    missing = list(dict.fromkeys(_not_selected(words, files, pyproject)))
    if missing:
        message += f": {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not among them"
        ways.insert(0, include_hint(*missing))
    elif re.search(r"setuptools.scm|hatch.vcs|versioningit|unable to detect version|not a git repository|\.git", words):
        message += ": its version comes from git, which is not there"
        ways.insert(0, "write the version into pyproject.toml")
    hint = ", or ".join(ways) or "see what `uv build` reports in a folder with the selected files"
    return Problem(message, hint, PYPROJECT, code="TBX213")


def _not_selected(words: str, files: FileSet, pyproject: Pyproject) -> Iterator[str]:
    """Include patterns for files that a build of the project reads and that are not selected."""
    mentioned = (path.removeprefix("./").rstrip(".") for path in re.findall(r"[\w./-]+\.\w+", words))
    below = (path for path in mentioned if not path.startswith("/") and ".." not in path)
    yield from (path for path in (*pyproject.build_inputs, *below) if files.left_out(path))
    name = pyproject.name.replace("-", "_")
    wheel = pyproject.table("tool", "hatch", "build", "targets", "wheel")
    for folder in (*(path.strip("/") for path in texts(wheel.get("packages"))), f"src/{name}", name):
        inside = any(path.startswith(f"{folder}/") for path in files.paths)
        if not inside and (files.root / folder).is_dir():
            yield f"{folder}/**"
