"""A new workflow project: files, environment, lock, and the workflow at Tilebox."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from time import perf_counter
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError, Problem, PublishError, TileboxError
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.core.uv_lock import read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from hatch_tilebox.core.progress import Progress

__all__ = ["Scaffold", "create_workflow", "derive_slug", "find_key", "scaffold_project"]

SLUG_LENGTH = 40
"""Characters of a slug made from a name. Source: https://docs.tilebox.com, "Project Structure"."""
REFUSED = (CONFIG_NAME, "pyproject.toml", "runner.py", "uv.lock")
SCHEMA_NAME = "tilebox.workflow.schema.json"
_ENVIRONMENT = ".venv"
_LAST_LINES = 20
_DEPENDENCIES = ("tilebox", "hatchling", "hatch-tilebox")
"""What a new project names as its dependencies and build requirements."""

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
    """Decide whether a scene is clear enough to be used."""

    scene_id: str
    cloud_cover: float
    max_cloud_cover: float = 0.3

    @staticmethod
    def identifier() -> tuple[str, str]:
        # Jobs find their task by this name and version, whatever the class is called later.
        return "tilebox.com/{slug}/CheckScene", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.current_task.display = f"CheckScene({{self.scene_id}})"
        usable = self.cloud_cover <= self.max_cloud_cover
        context.logger.info("Scene checked", scene_id=self.scene_id, usable=usable)


runner = Runner(tasks=[CheckScene])
'''


@dataclass(frozen=True)
class Scaffold:
    """A new project. `created_remotely` says whether Tilebox gave the slug; `synced` whether its environment was made."""

    root: Path
    slug: str
    files: tuple[str, ...]
    created_remotely: bool
    synced: bool


def derive_slug(name: str) -> str:
    """The slug that stands for a name: ASCII letters, digits and hyphens in lower case, at most 40, cut between words if it can be.

    Raises ConfigError for a name that holds neither letters nor digits that ASCII can spell.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", plain).strip("-")
    if not slug:
        raise ConfigError(Problem(f"{name!r} makes no slug: letters a to z and digits are needed", "give a name with --name"))
    if len(slug) <= SLUG_LENGTH:
        return slug
    whole_words = slug[: SLUG_LENGTH + 1].rpartition("-")[0]
    return whole_words or slug[:SLUG_LENGTH]


def scaffold_project(root: Path, name: str, create: Callable[[str], str] | None, progress: Progress) -> Scaffold:
    """Make a project for the workflow `name` in the folder `root`, which may not exist yet.

    `create` makes the workflow at Tilebox and returns its slug; it is called last, for it cannot be undone. Any failure, Ctrl-C
    too, leaves the folder as it was. Raises ConfigError, changing nothing, where a project is there already.
    """
    from hatch_tilebox.discovery.uv import require_uv

    local = derive_slug(name)
    there = [file for file in (*REFUSED, SCHEMA_NAME) if os.path.lexists(root / file)]
    if there:
        hint = "hatch-tilebox adopt adds hatch-tilebox to a project that is there already"
        raise ConfigError(Problem(f"{root} has {', '.join(there)} already; nothing was changed", hint))
    _refuse_name(local, _DEPENDENCIES)
    _refuse_workspace(root)
    uv = require_uv()
    sync = not os.path.lexists(root / _ENVIRONMENT)
    with _undone_on_failure(root):
        # Locked under a name that no package has: with that of a dependency, uv would go back to an SDK that does without it.
        _write(root / "pyproject.toml", _PYPROJECT.format(slug=_NO_PACKAGE))
        _run_uv(str(uv), "lock", root, progress)
        _refuse_name(local, _locked_names(root))
        _write(root / "pyproject.toml", _PYPROJECT.format(slug=local))
        _write(root / "runner.py", _RUNNER.format(slug=local))
        _write(root / SCHEMA_NAME, (files("hatch_tilebox") / "schemas" / SCHEMA_NAME).read_text("utf-8"))
        # An environment of somebody else's is left alone: what uv removes from it could not be brought back.
        _run_uv(str(uv), "sync" if sync else "lock", root, progress)
        slug = create(name) if create else local
        comment = "" if create else _LOCAL_SLUG
        try:
            _write(root / CONFIG_NAME, _WORKFLOW.format(slug=slug, schema=SCHEMA_NAME, comment=comment))
        except TileboxError as error:
            raise (type(error)(*error.problems, _remains(slug)) if create else error) from None
    return Scaffold(root, slug, (CONFIG_NAME, "pyproject.toml", "runner.py", SCHEMA_NAME, "uv.lock"), create is not None, sync)


def find_key() -> str | None:
    """The key of the Tilebox API that this user has, without asking for one; None where there is none."""
    from hatch_tilebox.publish.tilebox.credentials import KEY_VARIABLE, api_key

    try:
        return api_key(api_url(), None)
    except PublishError:
        if os.environ.get(KEY_VARIABLE, "").strip():
            raise
        return None


def api_url() -> str:
    """Where the Tilebox API is."""
    from hatch_tilebox.publish.open import API_URL

    return os.environ.get("TILEBOX_API_URL") or API_URL


def create_workflow(name: str, summary: str, key: str, progress: Progress) -> str:
    """Create a workflow at Tilebox and return its slug. Raises PublishError if that fails; the request is not repeated."""
    from hatch_tilebox.publish.http.retries import Retries
    from hatch_tilebox.publish.tilebox.api import TileboxApi

    progress.started("Creating the workflow")
    with closing(TileboxApi(api_url(), key, retries=Retries(attempts=1), progress=progress)) as api:
        slug = api.create_workflow(name, summary)
    progress.finished(f"{slug} at {api.url}")
    return slug


def _refuse_name(slug: str, taken: Collection[str]) -> None:
    """A project that is named like a package it needs would depend on itself."""
    if slug in taken:
        message = f"a project named {slug} would depend on itself: it needs the package {slug}; nothing was changed"
        raise ConfigError(Problem(message, f'give another name, such as: hatch-tilebox init --name "{slug} workflow"'))


def _locked_names(root: Path) -> set[str]:
    """The names of all packages that others in the lock depend on."""
    return {name for package in read_lock(root / "uv.lock").packages for name in package.dependencies}


def _refuse_workspace(root: Path) -> None:
    """A member of a uv workspace shares its lock and environment, which are not ours to change."""
    from hatch_tilebox.discovery.diagnose.sources import workspace_around

    folder = workspace_around(root)
    if folder is not None:
        message = f"{root} would be a member of the uv workspace in {folder}, whose lock would change"
        hint = f'choose another folder, or add "{root.relative_to(folder).as_posix()}" to exclude in its [tool.uv.workspace]'
        raise ConfigError(Problem(message, hint))


def _remains(slug: str) -> Problem:
    message = f"the workflow {slug} was created at Tilebox and stays there"
    return Problem(message, f'to use it: hatch-tilebox init --offline, then write slug = "{slug}" into {CONFIG_NAME}')


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise ConfigError(Problem(f"{path} cannot be written: {error.strerror}")) from error


def _run_uv(uv: str, command: str, root: Path, progress: Progress) -> None:
    """Lock the project, and with `sync` make its environment."""
    from hatch_tilebox.discovery.clean_environment import install_environment
    from hatch_tilebox.discovery.environment import INSTALL_LIMIT
    from hatch_tilebox.discovery.process import run

    progress.started("Installing" if command == "sync" else "Locking")
    began = perf_counter()
    command_line = [uv, command, "--color", "never", "--no-progress", "--project", "."]
    done = run(command_line, folder=root, environment=install_environment(), timeout=INSTALL_LIMIT)
    if done.returncode or done.timed_out:
        details = "\n".join(done.errors.strip().splitlines()[-_LAST_LINES:])
        raise ConfigError(Problem(f"uv {command} failed; nothing was changed", details=details))
    packages = re.search(r"Resolved (\d+) packages?", done.errors)
    progress.finished(f"{packages[1]} packages" if packages else f"uv {command}", seconds=perf_counter() - began)


@contextmanager
def _undone_on_failure(root: Path) -> Iterator[None]:
    """Create the folder, and take away what the block created in it, and the folder, if the block fails."""
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    before = {path.name for path in root.iterdir()} if root.is_dir() else set()
    try:
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(Problem(f"{root} cannot be created: {error.strerror}")) from error
        yield
    except BaseException:
        certainly(lambda: _undo(root, before, missing))
        raise


def _undo(root: Path, before: set[str], missing: list[Path]) -> None:
    with suppress(OSError):  # somebody else put something there meanwhile, or it was never created
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
