"""The workflow's environment, which uv creates from the staged project and later builds reuse."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from functools import lru_cache
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core.constants import LOCK_NAME, PYPROJECT_NAME, UV_FILES
from hatch_tilebox.core.errors import ConfigError, DiscoveryError
from hatch_tilebox.core.file_names import on_disk
from hatch_tilebox.core.pyproject import Pyproject
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.core.toml_document import read_toml
from hatch_tilebox.discovery.cache import digest, file_identity, read_sealed, touch, write_sealed
from hatch_tilebox.discovery.clean_environment import install_environment, workflow_environment
from hatch_tilebox.discovery.diagnose.context import Paths, no_pyproject
from hatch_tilebox.discovery.environment_state import changed_parts, states_of
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.run_uv import INSTALL_LIMIT, run_uv, uv_version
from hatch_tilebox.discovery.staging import changed_paths, stage
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.discovery.uv_configuration import (
    configuration_variables,
    index_variables,
    machine_key,
    without_credentials,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hatch_tilebox.core.model import JSON, FileEntry, FileSet
    from hatch_tilebox.discovery.cache import Cache

LAYOUT = 3
"""Increased when the content of a cached environment changes."""
SETTLE_LIMIT = 60.0
PROJECT_FILES = (PYPROJECT_NAME, LOCK_NAME, *UV_FILES)
BUILD_FILES = re.compile(r"(^|/)(__init__|__about__|__version__|_?version|setup|build|hatch_build|pdm_build)\.py$")


class Metadata(NamedTuple):
    """The selected `pyproject.toml`, if there is one, and whether uv installs the packages of a lock."""

    pyproject: Pyproject
    locked: bool = False

    @property
    def present(self) -> bool:
        """Whether a `pyproject.toml` is selected."""
        return self.pyproject.document is not None

    @property
    def copied(self) -> list[str]:
        """Folders of the release whose packages are installed as a copy, so that the environment depends on their code."""
        choices = chain.from_iterable(self.pyproject.sources.values())
        return [
            str(table["path"]).removeprefix("./").rstrip("/") for table in choices if "path" in table and not table.get("editable")
        ]

    @property
    def builds(self) -> bool:
        """Whether uv builds anything below the root: the project itself, members of its workspace, or sources by path."""
        uv = self.pyproject.table("tool", "uv")
        return self.pyproject.packaged or "workspace" in uv or "sources" in uv


class Environment(NamedTuple):
    """A prepared environment: `project` contains the staged files, `python` is its interpreter.

    `settings` are variables for uv, which may contain credentials.
    """

    folder: Path
    reused: bool
    passed: Mapping[str, str] = MappingProxyType({})
    """Variables that the user passes to the workflow."""
    settings: Mapping[str, str] = MappingProxyType({})
    changed: tuple[str, ...] = ()
    """Parts of a kept environment that were changed since it was created, so that this one was created instead."""

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
        """The marker file, which is written last and describes the environment."""
        return self.folder / "ready.json"

    def variables(self) -> dict[str, str]:
        """The environment variables of a process of the workflow: those of `uv run`, with bytecode outside the staged folder."""
        variables = workflow_environment(
            self.passed,
            **without_credentials(self.settings),
            UV_PROJECT_ENVIRONMENT=str(self.prefix),
            PYTHONPYCACHEPREFIX=str(self.folder / "bytecode"),
            PYTHONFAULTHANDLER="1",
        )
        if not self.prefix.exists():  # a worker command without a Python project
            return variables
        return {**variables, "VIRTUAL_ENV": str(self.prefix), "PATH": os.pathsep.join([str(self.python.parent), variables["PATH"]])}

    def client_variables(self) -> dict[str, str]:
        """The environment variables of a process that runs code of this package with the workflow's dependencies."""
        return {
            name: value for name, value in self.variables().items() if not name.startswith("TILEBOX_") and name not in self.passed
        }

    def changes(self, entries: Sequence[FileEntry]) -> list[str]:
        """Paths in the staged folder that the workflow wrote, changed or removed."""
        marker = read_sealed(self.ready)
        return changed_paths(self.project, entries, ignored=("uv.lock", *(marker["built"] if marker else ())))


def read_metadata(files: FileSet, *, optional: bool = False) -> Metadata:
    """The selected `pyproject.toml`. Raises DiscoveryError if it is not selected and not `optional`, or is not valid TOML."""
    file = next((file for file in files.files if file.path == PYPROJECT_NAME), None)
    if file is None and optional:
        return Metadata(Pyproject(files.root))
    if file is None:
        raise DiscoveryError(no_pyproject(files))
    try:
        document = read_toml(file.source, PYPROJECT_NAME, allow_mark=True)
    except ConfigError as error:
        raise DiscoveryError(*error.problems) from error
    return Metadata(Pyproject(files.root, document), LOCK_NAME in files.paths)


def environment_key(
    files: FileSet, entries: Sequence[FileEntry], metadata: Metadata, cache: Cache, passed: Iterable[str] = ()
) -> str:
    """The cache key of an environment: hex digits over the lock, project metadata, files that a build reads, interpreter and uv.

    `passed` are the names of the variables that the user passes.
    """
    hashed = {entry.path: entry.sha256 for entry in entries}
    named: dict[str, JSON] = {path: hashed[path] for path in PROJECT_FILES if path in hashed}
    if metadata.builds:
        named.update({path: hashed[path] if _read_by_builds(path, metadata) else None for path in hashed})
    return digest(
        {
            "layout": LAYOUT,
            "files": named,
            "interpreter": file_identity(interpreter) if (interpreter := _find_interpreter(files)) else None,
            "uv": uv_version(cache),
            "passed": sorted(passed),
            **machine_key(files, install_environment()),
        }
    )[:32]


def _read_by_builds(path: str, metadata: Metadata) -> bool:
    """Whether a build of the project may install something else when the content of `path` changes."""
    text = metadata.pyproject.document.text if metadata.pyproject.document else ""
    if not path.endswith(".py") or path in text or BUILD_FILES.search(path):
        return True
    if "/" not in path and re.search(rf"\b{re.escape(path.removesuffix('.py'))}\b", text):  # an in-tree build backend
        return True
    return any(path.startswith(f"{folder}/") for folder in metadata.copied)


def _find_interpreter(files: FileSet) -> Path | None:
    """The interpreter that uv selects for the project, None if uv would have to download it."""
    contents = tuple((file.path, file.source.read_bytes()) for file in files.files if file.path in PROJECT_FILES)
    return _interpreter_for(contents, require_uv(), tuple(install_environment().items()))


@lru_cache(maxsize=8)  # `run` asks twice if it builds, and `run --watch` after each edit
def _interpreter_for(contents: tuple[tuple[str, bytes], ...], _uv: Path, _environment: tuple[tuple[str, str], ...]) -> Path | None:
    with temporary_folder() as folder:
        for path, content in contents:
            Path(folder, path).write_bytes(content)
        answer = run_uv("python", "find", "--resolve-links", folder=folder)
    return Path(answer.output.strip()) if answer.returncode == 0 and answer.output.strip() else None


def prepare(
    folder: Path,
    files: FileSet,
    entries: Sequence[FileEntry],
    metadata: Metadata,
    on_line: Callable[[str], None],
    passed: Mapping[str, str] | None = None,
    python: str = "",
    *,
    check: bool = True,
) -> Environment:
    """Create or reuse the environment in `folder`, which the caller has locked, and stage the files there.

    It is reused only if nothing in it was changed; without `check`, ask `changed_since_installed` later. `on_line` gets the
    output of uv. `passed` are variables that the user passes. `python` is the version to use, if not the one that uv chooses.
    Raises DiscoveryError if uv cannot create it.
    """
    hashed = {entry.path: entry.sha256 for entry in entries}
    environment = Environment(folder, reused=True, passed=passed or {})
    marker = _usable(environment, hashed)
    changed = changed_since_installed(environment) if marker and (check or not metadata.locked) else ()
    if marker is None or changed:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        environment = environment._replace(reused=False, changed=changed)
    settings = {**index_variables(files), **configuration_variables(folder / "configuration")}
    environment = environment._replace(settings={**settings, "UV_PYTHON": python} if python else settings)
    stage(files, entries, environment.project, keep=marker["built"] if marker and environment.reused else ())
    if environment.reused and metadata.locked:
        touch(environment.ready)
        return environment
    environment.ready.unlink(missing_ok=True)
    if metadata.present:
        _sync(environment, files, metadata, on_line)
        _settle(environment)
    built = changed_paths(environment.project, entries, ignored=("uv.lock",))
    write_sealed(
        environment.ready,
        {
            "built": built,
            "overwritten": {path: hashed[path] for path in built if path in hashed},
            "states": _states(environment, built),
            "python": file_identity(environment.python),
        },
    )
    return environment


def changed_since_installed(environment: Environment) -> tuple[str, ...]:
    """The parts of a kept environment that are not as the installation left them, sorted."""
    marker = read_sealed(environment.ready)
    return changed_parts(marker["states"], _states(environment, marker["built"])) if marker else (environment.ready.name,)


def _usable(environment: Environment, hashed: Mapping[str, str]) -> dict[str, Any] | None:
    """The marker of a kept environment, if it is complete and its interpreter has not changed.

    None if a selected file has changed that a build of the project has overwritten.
    """
    marker = read_sealed(environment.ready)
    if marker is None or marker.get("python") != file_identity(environment.python) or marker["python"] is None:
        return None
    if any(hashed.get(path) != content for path, content in marker["overwritten"].items()):
        return None
    return marker


def _sync(environment: Environment, files: FileSet, metadata: Metadata, on_line: Callable[[str], None]) -> None:
    result = run_uv(
        *("sync", "--locked") if metadata.locked else ("sync",),
        folder=environment.project,
        timeout=INSTALL_LIMIT,
        on_line=on_line,
        variables={**environment.passed, **environment.settings, "UV_PROJECT_ENVIRONMENT": str(environment.prefix)},
    )
    if result.failed:
        from hatch_tilebox.discovery.diagnose.install import install_failed

        words = Paths(environment.project, environment.prefix).clean(result.errors)
        raise DiscoveryError(install_failed(words, files, metadata.pyproject, timed_out=result.timed_out))


def _settle(environment: Environment) -> None:
    """Start the interpreter once: packages may change the environment then, as urllib3-future replaces the files of urllib3."""
    with contextlib.suppress(OSError):  # the start of the workflow reports an interpreter that does not start
        command = [str(environment.python), "-c", ""]
        run(command, folder=environment.folder, environment=environment.variables(), timeout=SETTLE_LIMIT)


def _states(environment: Environment, built: Iterable[str]) -> dict[str, str]:
    return states_of(environment.prefix, [environment.project / on_disk(path) for path in built])


def python_of(prefix: Path) -> Path:
    """The interpreter of the virtual environment at `prefix`."""
    return prefix / "Scripts" / "python.exe" if os.name == "nt" else prefix / "bin" / "python"
