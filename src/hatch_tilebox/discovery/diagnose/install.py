"""Explain why uv cannot create the environment. Errors that uv explains well itself are shown unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.core.modules import SOURCE_FOLDER
from hatch_tilebox.core.pyproject import texts
from hatch_tilebox.discovery.diagnose.context import include_hint, tail
from hatch_tilebox.discovery.diagnose.packages import system_limit
from hatch_tilebox.discovery.diagnose.sources import sources_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.core.pyproject import Pyproject

PYPROJECT = Location("pyproject.toml")

NO_SUCH_SOURCE = (
    r"is not a workspace member|references a workspace in `tool\.uv\.sources`"
    r"|Distribution not found at|does not appear to be a Python project"
)
_KNOWN = (
    (
        r"lockfile .*needs to be updated.*--locked",
        "uv.lock is stale: it does not fit pyproject.toml",
        "bring it up to date with `uv lock`",
        None,
        "TBX031",
    ),
    (
        r"current Python platform is not compatible with the lockfile's supported environments",
        "uv.lock is for other platforms than this one",
        "widen `environments` under [tool.uv] in pyproject.toml and run `uv lock`, or build on a platform that it names",
        None,
        "TBX214",
    ),
    (
        r"Failed to parse (`?uv\.lock|lockfile)(?!.*unsupported schema version)",
        "uv.lock cannot be read",
        "take it from the version control again (where a merge left conflicts in it: one side of them), then run `uv lock`",
        None,
        "TBX030",
    ),
    (
        r"401 Unauthorized|403 Forbidden|Missing credentials",
        "an index or repository refuses access to a package",
        "provide credentials: `uv auth login`, UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD, or a .netrc file",
        None,
        "TBX215",
    ),
    (
        NO_SUCH_SOURCE,
        "a dependency is a path that the release does not hold",
        "select it in [build] include in tilebox.workflow.toml if it is below the root, else publish it or use a Git source",
        PYPROJECT,
        "TBX203",
    ),
)


def install_failed(words: str, files: FileSet, pyproject: Pyproject, *, timed_out: bool) -> Problem:
    """The problem for the output `words` of uv, in which paths are as in the project."""
    details = tail(_condensed(words))
    if timed_out:
        return Problem(
            "uv did not finish installing the dependencies",
            "run `uv sync -v` in the project to see what it waits for",
            details=details,
            code="TBX202",
        )
    text = " ".join(words.replace("│", " ").split())
    limit = system_limit(text)
    return Problem(*limit, details=details, code="TBX212") if limit else _install_problem(text, details, files, pyproject)


def _install_problem(text: str, details: str | None, files: FileSet, pyproject: Pyproject) -> Problem:
    failed = re.search(r"Failed to (?:build|generate package metadata for|prepare) `([A-Za-z0-9._-]+)", text)
    if pyproject.packaged and failed and normalized_name(failed.group(1)) == pyproject.name:
        return _project_does_not_build(text, details, files, pyproject)
    if re.search(NO_SUCH_SOURCE, text) and (left_out := sources_left_out(files)):
        named = next((problem for dependency, problem in left_out.items() if f"`{dependency}" in normalized_name(text)), None)
        return (named or next(iter(left_out.values())))._replace(details=details)
    for pattern, message, hint, location, code in _KNOWN:
        if re.search(pattern, text):
            return Problem(message, hint, location, details, code)
    if failed:
        return Problem(
            f"the dependency {failed.group(1)} has to be built from source here, and that failed",
            "pin a version that has a wheel for this platform, or install what its build needs",
            PYPROJECT,
            details,
            code="TBX202",
        )
    return Problem(
        "uv could not install the workflow's dependencies",
        "run `uv sync` in the project until it succeeds",
        PYPROJECT,
        details,
        code="TBX202",
    )


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


def _project_does_not_build(words: str, details: str | None, files: FileSet, pyproject: Pyproject) -> Problem:
    message = "the project itself does not build in the release folder, where only the selected files are"
    ways = []
    if not any(file.path.startswith(SOURCE_FOLDER) and file.path.endswith(".py") for file in files.files):  # found without a build
        ways.append("set `package = false` under [tool.uv] in pyproject.toml, so that it does not have to be built")
    missing = list(dict.fromkeys(_not_selected(words, files, pyproject)))
    if missing:
        message += f": {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not among them"
        ways.insert(0, include_hint(*missing))
    elif re.search(r"setuptools.scm|hatch.vcs|versioningit|unable to detect version|not a git repository|\.git", words):
        message += ": its version comes from git, which is not there"
        ways.insert(0, "write the version into pyproject.toml")
    hint = ", or ".join(ways) or "see what `uv build` reports in a folder with the selected files"
    return Problem(message, hint, PYPROJECT, details, code="TBX213")


def _not_selected(words: str, files: FileSet, pyproject: Pyproject) -> Iterator[str]:
    """Include patterns for files that a build of the project reads and that are not selected."""
    selected = {file.path for file in files.files}
    for path in pyproject.build_inputs:
        if path not in selected and (files.root / path).is_file():
            yield path
    for path in re.findall(r"[\w./-]+\.\w+", words):
        clean = path.removeprefix("./").rstrip(".")
        if clean not in selected and not clean.startswith("/") and ".." not in clean and (files.root / clean).is_file():
            yield clean
    for folder in _package_folders(pyproject):
        inside = any(path.startswith(f"{folder}/") for path in selected)
        if not inside and (files.root / folder).is_dir():
            yield f"{folder}/**"


def _package_folders(pyproject: Pyproject) -> Iterator[str]:
    """Folders in which build backends search for the package."""
    wheel = pyproject.table("tool", "hatch", "build", "targets", "wheel")
    yield from (path.strip("/") for path in texts(wheel.get("packages")))
    name = pyproject.name.replace("-", "_")
    yield from (f"src/{name}", name)
