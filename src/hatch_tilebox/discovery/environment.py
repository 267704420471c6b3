"""The workflow's own interpreter and dependencies, made by uv from the staged project and kept between builds."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.discovery.cache import digest, file_identity, read_sealed, touch, write_sealed
from hatch_tilebox.discovery.clean_environment import install_environment, workflow_environment
from hatch_tilebox.discovery.diagnose import context as explain
from hatch_tilebox.discovery.diagnose.install import install_failed
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.staging import foreign_changes, stage
from hatch_tilebox.discovery.uv_configuration import configuration_key, configuration_variables, index_variables, without_logins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hatch_tilebox.core.model import JSON, FileEntry, FileSet

__all__ = ["Environment", "Metadata", "environment_key", "prepare", "read_metadata"]

LAYOUT = 2
"""Goes up when what an entry holds changes."""
OLDEST_UV = (0, 5)
"""The oldest that the tests use. Some before it make an environment in the project whatever `UV_PROJECT_ENVIRONMENT` says."""
INSTALL_LIMIT = 3600.0
"""Seconds that uv gets to install; a download has time limits of its own."""
PROJECT_FILES = ("pyproject.toml", "uv.lock", "uv.toml", ".python-version", ".python-versions")
BUILD_FILES = re.compile(r"(^|/)(__init__|__about__|__version__|_?version|setup|build|hatch_build|pdm_build)\.py$")


@dataclass(frozen=True)
class Metadata:
    """What `pyproject.toml` among the selected files says that matters here, if it is `present`. `data` is the whole of it."""

    data: dict[str, Any]
    text: str
    locked: bool
    present: bool = True

    @property
    def packaged(self) -> bool:
        """Whether uv builds and installs the project."""
        return explain.is_packaged(self.data)

    @property
    def copied(self) -> list[str]:
        """Folders of the release whose packages are installed as a copy, so that their code belongs to the environment."""
        sources = explain.table(self.data, "tool", "uv", "sources").values()
        choices = [choice for source in sources for choice in (source if isinstance(source, list) else [source])]
        tables = [choice for choice in choices if isinstance(choice, dict)]  # what else stands there, uv refuses
        return [
            str(table["path"]).removeprefix("./").rstrip("/") for table in tables if "path" in table and not table.get("editable")
        ]

    @property
    def builds(self) -> bool:
        """Whether anything below the root gets built: the project itself, members of its workspace, or sources by path."""
        uv = explain.table(self.data, "tool", "uv")
        return self.packaged or "workspace" in uv or "sources" in uv


@dataclass(frozen=True)
class Environment:
    """A prepared environment: `project` holds the staged files, `python` is its interpreter.

    `settings` are variables for uv, which may hold logins.
    """

    folder: Path
    reused: bool
    passed: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Variables that the user lets through to the workflow."""
    settings: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def project(self) -> Path:
        """The staged release folder."""
        return self.folder / "project"

    @property
    def prefix(self) -> Path:
        """The virtual environment."""
        return self.folder / "env"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return python_of(self.prefix)

    @property
    def ready(self) -> Path:
        """The marker, written last; it knows what was made."""
        return self.folder / "ready.json"

    def variables(self) -> dict[str, str]:
        """The environment variables of a process of the workflow: what `uv run` would set, and bytecode kept out of the stage."""
        variables = workflow_environment(
            self.passed,
            **without_logins(self.settings),
            UV_PROJECT_ENVIRONMENT=str(self.prefix),
            PYTHONPYCACHEPREFIX=str(self.folder / "bytecode"),
            PYTHONFAULTHANDLER="1",
        )
        if not self.prefix.exists():  # a worker command that is no Python project
            return variables
        return {**variables, "VIRTUAL_ENV": str(self.prefix), "PATH": os.pathsep.join([str(self.python.parent), variables["PATH"]])}

    def variables_of_ours(self) -> dict[str, str]:
        """The environment variables of a process that runs our code with the workflow's packages, and none of its own."""
        return {
            name: value for name, value in self.variables().items() if not name.startswith("TILEBOX_") and name not in self.passed
        }

    def changes(self, entries: Sequence[FileEntry]) -> list[str]:
        """Paths in the staged folder that the workflow wrote, changed or removed since it was prepared."""
        marker = read_sealed(self.ready)
        return foreign_changes(self.project, entries, ignored=("uv.lock", *(marker["built"] if marker else ())))

    def intact(self) -> bool:
        """Whether the virtual environment is still as it was made. Looks at every file's size, so it takes a moment."""
        marker = read_sealed(self.ready)
        return marker is not None and marker["env"] == census(self.prefix)


def read_metadata(files: FileSet) -> Metadata | None:
    """What the selected `pyproject.toml` says, None where none is selected. Raises DiscoveryError where it is no TOML."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    selected = {file.path: file for file in files.files}
    if "pyproject.toml" not in selected:
        return None
    try:
        text = selected["pyproject.toml"].source.read_text(encoding="utf-8")
        data = tomlkit.parse(text).unwrap()
    except (TOMLKitError, OSError, RecursionError, UnicodeDecodeError) as error:
        raise DiscoveryError(explain.unreadable_pyproject(error)) from error
    return Metadata(data, text, "uv.lock" in selected)


def environment_key(files: FileSet, entries: Sequence[FileEntry], metadata: Metadata, uv: Path, passed: Iterable[str] = ()) -> str:
    """What an environment depends on, as 64 hex digits: lock and project metadata, all that a build reads, interpreter and uv.

    `passed` are the names of the variables that the user lets through.
    """
    hashed = {entry.path: entry.sha256 for entry in entries}
    named: dict[str, JSON] = {path: hashed[path] for path in PROJECT_FILES if path in hashed}
    if metadata.builds:
        named.update({path: hashed[path] if _read_by_builds(path, metadata) else None for path in hashed})
    return digest(
        {
            "layout": LAYOUT,
            "files": named,
            "platform": [sys.platform, platform.machine(), *platform.libc_ver()],
            "interpreter": file_identity(interpreter) if (interpreter := _find_interpreter(files, uv)) else None,
            "uv": _version(uv),
            "passed": sorted(passed),
            "settings": {name: value for name, value in install_environment().items() if name.startswith("UV_PYTHON")},
            "configuration": configuration_key(files),
        }
    )[:32]


def _version(uv: Path) -> str:
    """What uv says of itself: in an isolated build its file is another one each time. Raises DiscoveryError for one too old."""
    text = run([str(uv), "--version"], folder=Path.cwd(), environment=install_environment(), timeout=60).output.strip()
    found = re.match(r"uv (\d+)\.(\d+)", text)
    if found and (int(found[1]), int(found[2])) < OLDEST_UV:
        wanted = ".".join(map(str, OLDEST_UV))
        hint = f"update {uv} with `uv self update` or `pip install --upgrade uv`, or let UV name another one"
        raise DiscoveryError(Problem(f"uv is too old: it has to be {wanted} or newer, and is {text.split()[1]}", hint))
    return text


def _read_by_builds(path: str, metadata: Metadata) -> bool:
    """Whether the content of `path` may change what a build of the project installs, beyond code that is imported in place."""
    if not path.endswith(".py") or path in metadata.text or BUILD_FILES.search(path):
        return True
    if "/" not in path and re.search(rf"\b{re.escape(path.removesuffix('.py'))}\b", metadata.text):  # a build backend in the tree
        return True
    return any(path.startswith(f"{folder}/") for folder in metadata.copied)


def _find_interpreter(files: FileSet, uv: Path) -> Path | None:
    """The interpreter that uv takes for the project, None where it would have to download one first."""
    with temporary_folder() as folder:
        for file in files.files:
            if file.path in PROJECT_FILES:
                shutil.copyfile(file.source, Path(folder, file.path))
        answer = run(
            [str(uv), "python", "find", "--resolve-links"], folder=Path(folder), environment=install_environment(), timeout=60
        )
    return Path(answer.output.strip()) if answer.returncode == 0 and answer.output.strip() else None


def prepare(
    folder: Path,
    files: FileSet,
    entries: Sequence[FileEntry],
    metadata: Metadata,
    uv: Path,
    on_line: Callable[[str], None],
    passed: Mapping[str, str] | None = None,
) -> Environment:
    """Make or reuse the environment in `folder`, whose lock the caller holds, and stage the files there.

    `on_line` gets what uv says. `passed` are variables that the user lets through. Raises DiscoveryError where uv cannot make it.
    """
    hashed = {entry.path: entry.sha256 for entry in entries}
    marker = _usable(folder, hashed)
    if marker is not None:
        environment = _configured(Environment(folder, reused=True, passed=passed or {}), files)
        stage(files, entries, environment.project, keep=marker["built"])
        if metadata.locked:
            touch(environment.ready)
            return environment
    else:
        shutil.rmtree(folder, ignore_errors=True)
        environment = Environment(folder, reused=False, passed=passed or {})
        folder.mkdir(parents=True, exist_ok=True)
        environment = _configured(environment, files)
        stage(files, entries, environment.project)
    environment.ready.unlink(missing_ok=True)
    if metadata.present:
        _sync(environment, files, metadata, uv, on_line)
    built = foreign_changes(environment.project, entries, ignored=("uv.lock",))
    write_sealed(
        environment.ready,
        {
            "built": built,
            "overwritten": {path: hashed[path] for path in built if path in hashed},
            "env": census(environment.prefix),
            "python": file_identity(environment.python),
        },
    )
    return environment


def _configured(environment: Environment, files: FileSet) -> Environment:
    """`environment` with what of this machine's configuration the proof of `files` may use."""
    settings = {**index_variables(files), **configuration_variables(environment.folder / "configuration")}
    return replace(environment, settings=settings)


def _usable(folder: Path, hashed: Mapping[str, str]) -> dict[str, Any] | None:
    """The marker of the environment in `folder` if that is complete, and its interpreter is the one it was made with.

    What a build wrote over a selected file stays, and only as long as that file is the same.
    """
    environment = Environment(folder, reused=True)
    marker = read_sealed(environment.ready)
    if marker is None or marker.get("python") != file_identity(environment.python) or marker["python"] is None:
        return None
    if any(hashed.get(path) != content for path, content in marker["overwritten"].items()):
        return None
    return marker


def _sync(environment: Environment, files: FileSet, metadata: Metadata, uv: Path, on_line: Callable[[str], None]) -> None:
    arguments = [str(uv), "sync", "--no-progress", "--color", "never"]
    if metadata.locked:
        arguments.append("--locked")
    result = run(
        arguments,
        folder=environment.project,
        environment=install_environment(
            environment.passed, **{**environment.settings, "UV_PROJECT_ENVIRONMENT": str(environment.prefix)}
        ),
        timeout=INSTALL_LIMIT,
        on_line=on_line,
    )
    if result.returncode != 0 or result.timed_out:
        words = explain.Paths(environment.project, environment.prefix).clean(result.errors)
        raise DiscoveryError(install_failed(words, files, metadata.data, timed_out=result.timed_out))


def python_of(prefix: Path) -> Path:
    """The interpreter of the virtual environment at `prefix`."""
    return prefix / "Scripts" / "python.exe" if os.name == "nt" else prefix / "bin" / "python"


def census(prefix: Path) -> str:
    """A digest over paths and sizes of all files below `prefix` but bytecode: it changes when an environment is damaged."""
    found = []
    for parent, names, files in os.walk(prefix):
        names[:] = sorted(name for name in names if name != "__pycache__")
        found += [f"{parent}/{name}:{os.lstat(os.path.join(parent, name)).st_size}" for name in files]  # noqa: PTH118 -- thousands of files
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
