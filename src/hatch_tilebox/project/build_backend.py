"""Metadata that only the build backend of a project can compute, such as a dynamic version."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.extras import extra
from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.core.workflow import Project
from hatch_tilebox.discovery import process
from hatch_tilebox.discovery.clean_environment import install_environment, passed_variables, workflow_environment
from hatch_tilebox.discovery.process import tail
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.discovery.uv_variables import DEFAULT_INDEX, EXTRA_INDEXES, FIND_LINKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import Message

    from pyproject_hooks import BuildBackendHookCaller

    from hatch_tilebox.core.pyproject import Pyproject

_TIMEOUT = 300.0
_ABOUT_VERSIONS = (
    "SETUPTOOLS_SCM_*", "VCS_VERSIONING_*", "*_PRETEND_VERSION*", "PDM_BUILD_*", "POETRY_DYNAMIC_VERSIONING_*", "SOURCE_DATE_EPOCH",
)  # fmt: skip
"""The variables that backends take versions from."""
_VARIABLES = (
    *DEFAULT_INDEX, *EXTRA_INDEXES, FIND_LINKS, "UV_INDEX_STRATEGY", "UV_NO_INDEX", "UV_BUILD_CONSTRAINT", "UV_CONFIG_FILE",
    *_ABOUT_VERSIONS,
)  # fmt: skip
"""The same, and those that configure where uv finds build requirements."""


def computed_metadata(pyproject: Pyproject, python: str | None) -> Project:
    """Return name, version and Pythons of a project from its backend, which uv runs in an environment with its requirements.

    `python` is the range of Pythons that the project supports, if it is known. This runs code of the project, and leaves the folder
    unchanged. Raises ConfigError with the last output of the backend if it fails.
    """
    table = pyproject.table("build-system")
    # Without a backend, the legacy one of setuptools. Source: https://peps.python.org/pep-0517/#source-trees
    backend = str(table.get("build-backend", "setuptools.build_meta:__legacy__"))
    found = _core_metadata(pyproject.root, backend, table, python)
    version = str(found.get("Version", ""))
    try:
        return Project(normalized_name(found.get("Name", "")), str(Version(version)), str(found.get("Requires-Python", "")) or None)
    except InvalidVersion as error:
        message = f'the build backend {backend} gives "{version}", which is not a version'
        raise ConfigError(Problem(message, location=Location("pyproject.toml"), code="TBX019")) from error


def _core_metadata(root: Path, backend: str, table: Mapping[str, Any], python: str | None) -> Message:
    with extra("cli", f"asking {backend} for the metadata of the project"):  # builds by frontends do not ask
        from pyproject_hooks import BackendUnavailable, BuildBackendHookCaller, HookMissing

    runner = _Runner(root, backend, table.get("requires", ["setuptools"]), python)
    before = set(_leftovers(root))
    try:
        hooks = BuildBackendHookCaller(
            str(root), backend, table.get("backend-path") or None, runner=runner, python_executable="python"
        )
        with temporary_folder() as folder:
            return message_from_bytes(_ask(hooks, runner, str(folder)))
    except (BackendUnavailable, HookMissing) as error:
        details = tail(getattr(error, "traceback", "") or str(error))
        raise ConfigError(_problem(f"the build backend {backend} cannot be used", details)) from error
    except ValueError as error:  # a backend-path that leads outside
        raise ConfigError(_problem(f"build-system.backend-path: {error}")) from error
    finally:
        for folder in set(_leftovers(root)) - before:
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)


_HATCHLING = """
import json, sys
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
metadata = ProjectMetadata(sys.argv[1], PluginManager())
try:
    metadata.validate_fields()
    answer = {"Name": metadata.core.name, "Version": metadata.version, "Requires-Python": metadata.core.requires_python}
except Exception as error:
    answer = {"error": str(error), "type": type(error).__name__}
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(answer, file)
"""


def hatchlings_metadata(root: Path) -> dict[str, str]:
    """Return name, version and Pythons of the project in `root` from hatchling, which runs code of the project.

    It runs in a process of its own, without the user's secrets. An error of hatchling is in `error`, and its class in `type`.
    Raises ConfigError if the process fails.
    """
    with temporary_folder() as folder:
        answer = folder / "answer.json"
        done = process.run(
            [sys.executable, "-I", "-c", _HATCHLING, str(root), str(answer)],
            folder=root,
            environment=workflow_environment(passed_variables(_ABOUT_VERSIONS)),
            timeout=_TIMEOUT,
        )
        if answer.exists():
            found: dict[str, str] = json.loads(answer.read_text(encoding="utf-8"))
            return found
    message = "the code that computes the metadata of the project fails"
    raise ConfigError(
        Problem(message, "show the failure with: hatchling metadata", Location("pyproject.toml"), done.last_words, code="TBX019")
    )


def _ask(hooks: BuildBackendHookCaller, runner: _Runner, folder: str) -> bytes:
    """Return the text of the metadata; if the backend has no hook for it, from a wheel."""
    from pyproject_hooks import HookMissing

    runner.requires += hooks.get_requires_for_build_wheel()
    try:
        name = hooks.prepare_metadata_for_build_wheel(folder, _allow_fallback=False)
        return Path(folder, name, "METADATA").read_bytes()
    except HookMissing:
        with zipfile.ZipFile(Path(folder, hooks.build_wheel(folder))) as wheel:
            member = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return wheel.read(member)


class _Runner:
    """Runs each hook in an environment with `requires` installed, without the user's secrets."""

    def __init__(self, root: Path, backend: str, requires: Sequence[str], python: str | None) -> None:
        self.requires = [*requires]
        self._root = root
        self._backend = backend
        self._start = [str(require_uv()), "run", "--no-project", "--isolated", "--no-progress", "--color", "never"]
        self._start += ["--python", python] if python else []

    def __call__(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        """Run one hook. Raises ConfigError if it fails."""
        passed = passed_variables(_VARIABLES)
        environment = {**install_environment(passed), **(extra_environ or {}), "PYTHONDONTWRITEBYTECODE": "1"}
        packages = [part for item in self.requires for part in ("--with", item)]
        done = process.run(
            [*self._start, *packages, "--", *cmd], folder=Path(cwd or self._root), environment=environment, timeout=_TIMEOUT
        )
        if done.failed:
            how = f"took longer than {_TIMEOUT:.0f} seconds" if done.timed_out else "failed"
            raise ConfigError(_problem(f"the build backend {self._backend} {how}", done.last_words))


def _problem(message: str, details: str | None = None) -> Problem:
    """Return the problem that the metadata is not known."""
    message += ", and only the backend knows what [project] lists in dynamic"
    hint = "uv build --wheel shows all output of the backend; a version in [project] needs no backend"
    return Problem(message, hint, Location("pyproject.toml"), details, code="TBX019")


def _leftovers(root: Path) -> Iterator[Path]:
    """Yield the folders that setuptools writes in all its commands."""
    for pattern in ("*.egg-info", "*/*.egg-info"):
        yield from root.glob(pattern)
