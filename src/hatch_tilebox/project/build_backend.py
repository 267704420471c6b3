"""The project's own build backend, asked for the metadata that only it can compute, such as a version."""

from __future__ import annotations

import json
import sys
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.discovery import process
from hatch_tilebox.discovery.clean_environment import install_environment, passed_variables, workflow_environment
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.discovery.uv_variables import DEFAULT_INDEX, EXTRA_INDEXES, FIND_LINKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import Message

    from pyproject_hooks import BuildBackendHookCaller

__all__ = ["BuildSystem", "build_system", "computed_metadata", "hatchlings_metadata"]

_TIMEOUT = 300.0
_LAST_LINES = 20
_ABOUT_VERSIONS = (
    "SETUPTOOLS_SCM_*", "VCS_VERSIONING_*", "*_PRETEND_VERSION*", "PDM_BUILD_*", "POETRY_DYNAMIC_VERSIONING_*", "SOURCE_DATE_EPOCH",
)  # fmt: skip
"""What backends are told about versions."""
_VARIABLES = (
    *DEFAULT_INDEX, *EXTRA_INDEXES, FIND_LINKS, "UV_INDEX_STRATEGY", "UV_NO_INDEX", "UV_BUILD_CONSTRAINT", "UV_CONFIG_FILE",
    *_ABOUT_VERSIONS,
)  # fmt: skip
"""The same, and where this machine finds build requirements."""


class BuildSystem(NamedTuple):
    """What builds a project, as `[build-system]` says."""

    backend: str
    requires: tuple[str, ...]
    path: tuple[str, ...] = ()


def build_system(values: Mapping[str, Any]) -> BuildSystem:
    """The build system of a `pyproject.toml`; one that names no backend has setuptools' old one.

    Source: https://peps.python.org/pep-0517/#source-trees
    """
    table = values.get("build-system", {})
    return BuildSystem(
        table.get("build-backend", "setuptools.build_meta:__legacy__"),
        tuple(table.get("requires", ["setuptools"])),
        tuple(table.get("backend-path", ())),
    )


def computed_metadata(root: Path, system: BuildSystem, python: str | None) -> Message:
    """The core metadata of the project in `root`, from its backend in an environment that uv keeps for such requirements.

    `python` is the range of Pythons that the project supports, where that is known. This runs code of the project. The folder is
    left as it was. Raises ConfigError, with the last words of the backend, where it fails.
    """
    from pyproject_hooks import BackendUnavailable, BuildBackendHookCaller, HookMissing

    runner = _Runner(root, system, python)
    before = set(_leftovers(root))
    try:
        hooks = BuildBackendHookCaller(str(root), system.backend, system.path or None, runner=runner, python_executable="python")
        with temporary_folder() as folder:
            return message_from_bytes(_ask(hooks, runner, str(folder)))
    except (BackendUnavailable, HookMissing) as error:
        details = getattr(error, "traceback", "") or str(error)
        raise ConfigError(runner.problem(f"the build backend {system.backend} cannot be used", details)) from error
    except ValueError as error:  # a backend-path that leads outside
        raise ConfigError(runner.problem(f"build-system.backend-path: {error}", "")) from error
    finally:
        _remove(set(_leftovers(root)) - before)


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
    """What hatchling says of the project in `root` where code of the project computes it: name, version, supported Pythons.

    That code runs in a process of its own, without the user's secrets. A refusal of hatchling is `error`, and `type` its class.
    Raises ConfigError where the process fails.
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
    details = "\n".join((done.errors or done.output).strip().splitlines()[-_LAST_LINES:]) or None
    message = "the code that computes the metadata of the project fails"
    raise ConfigError(Problem(message, "see it happen with: hatchling metadata", Location("pyproject.toml"), details))


def _ask(hooks: BuildBackendHookCaller, runner: _Runner, folder: str) -> bytes:
    """The text of the metadata; without the hook for it, from a wheel."""
    from pyproject_hooks import HookMissing

    runner.requires += hooks.get_requires_for_build_wheel()
    try:
        name = hooks.prepare_metadata_for_build_wheel(folder, _allow_fallback=False)
        return Path(folder, name, "METADATA").read_bytes()
    except HookMissing:
        import zipfile

        with zipfile.ZipFile(Path(folder, hooks.build_wheel(folder))) as wheel:
            member = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return wheel.read(member)


class _Runner:
    """Starts each hook with the interpreter of an environment that has `requires` installed, and none of the user's secrets."""

    def __init__(self, root: Path, system: BuildSystem, python: str | None) -> None:
        self.requires = [*system.requires]
        self._root = root
        self._backend = system.backend
        self._start = [str(require_uv()), "run", "--no-project", "--isolated", "--no-progress", "--color", "never"]
        self._start += ["--python", python] if python else []

    def __call__(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        """Run one hook. Raises ConfigError where it fails."""
        passed = passed_variables(_VARIABLES)
        environment = {**install_environment(passed), **(extra_environ or {}), "PYTHONDONTWRITEBYTECODE": "1"}
        packages = [part for item in self.requires for part in ("--with", item)]
        done = process.run(
            [*self._start, *packages, "--", *cmd], folder=Path(cwd or self._root), environment=environment, timeout=_TIMEOUT
        )
        if done.returncode or done.timed_out:
            how = f"took longer than {_TIMEOUT:.0f} seconds" if done.timed_out else "failed"
            raise ConfigError(self.problem(f"the build backend {self._backend} {how}", done.errors or done.output))

    def problem(self, message: str, said: str) -> Problem:
        """A problem with the metadata that was asked for."""
        details = "\n".join(said.strip().splitlines()[-_LAST_LINES:]) or None
        hint = "uv build --wheel shows all that the backend says; a version in [project] needs no backend"
        return Problem(
            f"{message}, and only the backend knows what [project] lists in dynamic", hint, Location("pyproject.toml"), details
        )


def _leftovers(root: Path) -> Iterator[Path]:
    """What setuptools writes beside packages whenever it is asked for anything."""
    for pattern in ("*.egg-info", "*/*.egg-info"):
        yield from root.glob(pattern)


def _remove(folders: set[Path]) -> None:
    import shutil

    for folder in folders:
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
