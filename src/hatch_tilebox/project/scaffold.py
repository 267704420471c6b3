"""A new workflow project: its files, lock and environment."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME, LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.core.uv_lock import read_lock
from hatch_tilebox.discovery.clean_environment import install_environment
from hatch_tilebox.discovery.diagnose.sources import workspace_around
from hatch_tilebox.discovery.environment import INSTALL_LIMIT
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.project.schema_copy import SCHEMA_NAME, schema_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from hatch_tilebox.core.progress import Progress

SLUG_LENGTH = 40
"""The most characters of a slug that is derived from a name. Source: https://docs.tilebox.com, "Project Structure"."""
REFUSED = (CONFIG_NAME, PYPROJECT_NAME, "runner.py", LOCK_NAME)
_ENVIRONMENT = ".venv"
_LAST_LINES = 20
_DEPENDENCIES = ("tilebox", "hatchling", "hatch-tilebox")
"""The dependencies and build requirements of a new project."""

_NO_PACKAGE = "hatch-tilebox-new-project"

_PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-tilebox"]
build-backend = "hatchling.build"

[project]
name = "{slug}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["tilebox"]

# `hatch build`, `uv build`, `python -m build` and `pip wheel` build the release together with the wheel.
[tool.hatch.build.hooks.tilebox]

# `uv run` installs the dependencies alone, so that release runners need no build backend.
[tool.uv]
package = false
"""

_WORKFLOW = """\
#:schema ./{schema}

[workflow]
{comment}slug = "{slug}"
runner = "runner:runner"

[build]
include = ["pyproject.toml", "uv.lock", "**/*.py"]
"""

_LOCAL_SLUG = "# Derived from the name. Write the slug that Tilebox gives the workflow here before you publish.\n"

_RUNNER = '''\
"""The tasks of the workflow, and the runner that its releases start."""

from tilebox.workflows import ExecutionContext, Runner, Task


class CheckScene(Task):
    """Decide whether a scene is clear enough."""

    scene_id: str
    cloud_cover: float
    max_cloud_cover: float = 0.3

    @staticmethod
    def identifier() -> tuple[str, str]:
        # Jobs find their task by this name and version, not by the name of the class.
        return "tilebox.com/{slug}/CheckScene", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.current_task.display = f"CheckScene({{self.scene_id}})"
        usable = self.cloud_cover <= self.max_cloud_cover
        context.logger.info("Scene checked", scene_id=self.scene_id, usable=usable)


runner = Runner(tasks=[CheckScene])
'''


@dataclass(frozen=True)
class Scaffold:
    """A new project. `created_remotely` is whether Tilebox gave the slug, `synced` whether its environment was created."""

    root: Path
    slug: str
    files: tuple[str, ...]
    created_remotely: bool
    synced: bool


def derive_slug(name: str) -> str:
    """The slug for a name: at most 40 lower-case ASCII letters, digits and hyphens, cut between words if possible.

    Raises ConfigError if the name has no letters or digits that ASCII can express.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", plain).strip("-")
    if not slug:
        raise ConfigError(
            Problem(f"{name!r} makes no slug: letters a to z and digits are needed", "give a name with --name", code="TBX800")
        )
    if len(slug) <= SLUG_LENGTH:
        return slug
    whole_words = slug[: SLUG_LENGTH + 1].rpartition("-")[0]
    return whole_words or slug[:SLUG_LENGTH]


def scaffold_project(root: Path, name: str, create: Callable[[str], str] | None, progress: Progress) -> Scaffold:
    """Create a project for the workflow `name` in the folder `root`, which may not exist yet.

    `create` creates the workflow at Tilebox and returns its slug. It is called last, because it cannot be undone. After a failure
    or Ctrl-C the folder is as it was. Raises ConfigError if there is a project already.
    """
    local = derive_slug(name)
    there = [file for file in (*REFUSED, SCHEMA_NAME) if os.path.lexists(root / file)]
    if there:
        hint = "hatch-tilebox adopt adds hatch-tilebox to an existing project"
        raise ConfigError(Problem(f"{root} has {', '.join(there)} already; nothing was changed", hint, code="TBX800"))
    _refuse_name(local, _DEPENDENCIES)
    _refuse_workspace(root)
    uv = require_uv()
    sync = not os.path.lexists(root / _ENVIRONMENT)
    with _undone_on_failure(root):
        # Locked under a name that no package has: with the name of a dependency, uv would choose an old SDK without it.
        _write(root / PYPROJECT_NAME, _PYPROJECT.format(slug=_NO_PACKAGE))
        _run_uv(str(uv), "lock", root, progress)
        _refuse_name(local, _locked_names(root))
        _write(root / PYPROJECT_NAME, _PYPROJECT.format(slug=local))
        _write(root / "runner.py", _RUNNER.format(slug=local))
        _write(root / SCHEMA_NAME, schema_text())
        # An existing environment is left alone: packages that uv removes from it would be lost.
        _run_uv(str(uv), "sync" if sync else "lock", root, progress)
        slug = create(name) if create else local
        comment = "" if create else _LOCAL_SLUG
        try:
            _write(root / CONFIG_NAME, _WORKFLOW.format(slug=slug, schema=SCHEMA_NAME, comment=comment))
        except TileboxError as error:
            raise (type(error)(*error.problems, _remains(slug)) if create else error) from None
    return Scaffold(root, slug, (CONFIG_NAME, PYPROJECT_NAME, "runner.py", SCHEMA_NAME, LOCK_NAME), create is not None, sync)


def _refuse_name(slug: str, taken: Collection[str]) -> None:
    """Raise ConfigError for a project with the name of a package that it needs: it would depend on itself."""
    if slug in taken:
        message = f"a project named {slug} would depend on itself: it needs the package {slug}; nothing was changed"
        raise ConfigError(
            Problem(message, f'give another name, such as: hatch-tilebox init --name "{slug} workflow"', code="TBX800")
        )


def _locked_names(root: Path) -> set[str]:
    """The names of all packages that others in the lock depend on."""
    return {name for package in read_lock(root / LOCK_NAME).packages for name in package.dependencies}


def _refuse_workspace(root: Path) -> None:
    """Raise ConfigError for a new member of a uv workspace: its members share a lock, which would change."""
    folder = workspace_around(root)
    if folder is not None:
        message = f"{root} would be a member of the uv workspace in {folder}, whose lock would change"
        hint = f'choose another folder, or add "{root.relative_to(folder).as_posix()}" to exclude in its [tool.uv.workspace]'
        raise ConfigError(Problem(message, hint, code="TBX800"))


def _remains(slug: str) -> Problem:
    message = f"the workflow {slug} was created at Tilebox and stays there"
    return Problem(
        message, f'to use it: hatch-tilebox init --offline, then write slug = "{slug}" into {CONFIG_NAME}', code="TBX801"
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise ConfigError(Problem(f"{path} cannot be written: {error.strerror}", code="TBX401")) from error


def _run_uv(uv: str, command: str, root: Path, progress: Progress) -> None:
    """Lock the project, and with the command `sync` also create its environment."""
    progress.started("Installing" if command == "sync" else "Locking")
    began = perf_counter()
    command_line = [uv, command, "--color", "never", "--no-progress", "--project", "."]
    done = run(command_line, folder=root, environment=install_environment(), timeout=INSTALL_LIMIT)
    if done.returncode or done.timed_out:
        details = "\n".join(done.errors.strip().splitlines()[-_LAST_LINES:])
        raise ConfigError(Problem(f"uv {command} failed; nothing was changed", details=details, code="TBX800"))
    progress.finished(_summary(done.errors) or f"uv {command}", seconds=perf_counter() - began)


def _summary(output: str) -> str:
    """Return what uv installed, or else how many packages it locked; "" if it does not report that."""
    if installed := re.findall(r"^ \+ ([^\s=]+)==(\S+)", output, re.MULTILINE):
        direct = [f"{name} {version}" for name, version in installed if name in _DEPENDENCIES]
        others = len(installed) - len(direct)
        return f"{', '.join(direct)} and {others} packages that it needs, in {_ENVIRONMENT}"
    packages = re.search(r"Resolved (\d+) packages?", output)
    return f"{packages[1]} packages" if packages else ""


@contextmanager
def _undone_on_failure(root: Path) -> Iterator[None]:
    """Create the folder, and remove everything that the block created if the block fails."""
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    before = {path.name for path in root.iterdir()} if root.is_dir() else set()
    try:
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(Problem(f"{root} cannot be created: {error.strerror}", code="TBX401")) from error
        yield
    except BaseException:
        certainly(lambda: _undo(root, before, missing))
        raise


def _undo(root: Path, before: set[str], missing: list[Path]) -> None:
    with suppress(OSError):  # another program wrote into it meanwhile, or it was never created
        for path in root.iterdir():
            if path.name in before:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    with suppress(OSError):
        for folder in missing:
            if folder.exists():
                folder.rmdir()
