"""A new workflow project: its files, lock and environment."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME, LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import quantity
from hatch_tilebox.core.runner_image import PYTHONS
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.core.uv_lock import read_lock
from hatch_tilebox.discovery.diagnose.sources import workspace_around
from hatch_tilebox.discovery.run_uv import INSTALL_LIMIT, installed_pythons, run_uv
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.project.git import create_repository
from hatch_tilebox.project.repository import repository_around
from hatch_tilebox.project.schema_copy import SCHEMA_NAME, schema_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from hatch_tilebox.core.progress import Progress

SLUG_LENGTH = 40
"""The most characters of a slug that is derived from a name. Source: https://docs.tilebox.com, "Project Structure"."""
REFUSED = (CONFIG_NAME, PYPROJECT_NAME, "runner.py", LOCK_NAME)
_ENVIRONMENT = ".venv"
_DEPENDENCIES = ("tilebox", "hatchling", "hatch-tilebox", "pytest")
"""What a new project needs itself, to run, to be built and to be tested."""
_NO_PACKAGE = "hatch-tilebox-new-project"

_LOCAL_SLUG = "# Derived from the name. Write the slug that Tilebox gives the workflow here before you publish.\n"
_PIN = ".python-version"
_EXTRAS = ("README.md", ".gitignore", "tests/test_runner.py")
"""Files that are left out if the folder has them already. For a test, that is the folder `tests`."""


@dataclass(frozen=True)
class Scaffold:
    """A new project.

    `created_remotely` is whether Tilebox gave the slug, `synced` whether its environment was created, `repository` whether it was
    made a Git repository.
    """

    root: Path
    slug: str
    files: tuple[str, ...]
    created_remotely: bool
    synced: bool
    repository: bool


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


def scaffold_project(
    root: Path, name: str, create: Callable[[str], str] | None, progress: Progress, *, git: bool = True
) -> Scaffold:
    """Create a project for the workflow `name` in the folder `root`, which may not exist yet.

    With `git`, it becomes a repository, unless it is in one or git is missing. `create` creates the workflow at Tilebox and returns
    its slug. It is called last, because it cannot be undone. After a failure or Ctrl-C the folder is as it was. Raises ConfigError
    if there is a project already.
    """
    local = derive_slug(name)
    there = [file for file in (*REFUSED, SCHEMA_NAME) if os.path.lexists(root / file)]
    if there:
        hint = "hatch-tilebox adopt adds hatch-tilebox to an existing project"
        raise ConfigError(Problem(f"{root} has {', '.join(there)} already; nothing was changed", hint, code="TBX800"))
    _refuse_name(local, _DEPENDENCIES)
    _refuse_workspace(root)
    require_uv()  # before anything is written
    sync = not os.path.lexists(root / _ENVIRONMENT)
    with _undone_on_failure(root):
        extras = _write_extras(root, name)
        # Locked under a name that no package has: with the name of a dependency, uv would choose an old SDK without it.
        _write(root / PYPROJECT_NAME, _filled(PYPROJECT_NAME, slug=_NO_PACKAGE))
        _install("lock", root, progress)
        _refuse_name(local, {name for package in read_lock(root / LOCK_NAME).packages for name in package.dependencies})
        _write(root / PYPROJECT_NAME, _filled(PYPROJECT_NAME, slug=local))
        _write(root / "runner.py", _filled("runner.py", slug=local))
        _write(root / SCHEMA_NAME, schema_text())
        # An existing environment is left alone: packages that uv removes from it would be lost.
        _install("sync" if sync else "lock", root, progress)
        repository = git and not repository_around(root) and create_repository(root)
        slug = create(name) if create else local
        try:
            _write(root / CONFIG_NAME, _workflow(root, slug, "" if create else _LOCAL_SLUG))
        except TileboxError as error:
            raise (type(error)(*error.problems, _remains(slug)) if create else error) from None
    written = (CONFIG_NAME, PYPROJECT_NAME, "runner.py", SCHEMA_NAME, LOCK_NAME, *extras)
    return Scaffold(root, slug, written, create is not None, sync, repository)


def _write_extras(root: Path, name: str) -> tuple[str, ...]:
    """Write the files that the folder lacks and a project can do without, and return their paths."""
    title = printable(" ".join(name.split()))
    new = [file for file in _EXTRAS if not os.path.lexists(root / file.partition("/")[0])]
    for file in new:
        (root / file).parent.mkdir(exist_ok=True)
        _write(root / file, _filled(file.rpartition("/")[2], title=title))
    if not os.path.lexists(root / _PIN) and (python := next(installed_pythons(PYTHONS, root), None)):
        _write(root / _PIN, f"{python}\n")
        new.append(_PIN)
    return tuple(new)


def _workflow(root: Path, slug: str, comment: str) -> str:
    """Return the text of the workflow's configuration. uv reads the pinned Python, so a release has it too."""
    names = (PYPROJECT_NAME, LOCK_NAME, *([_PIN] if os.path.lexists(root / _PIN) else []), "**/*.py")
    include = ", ".join(f'"{name}"' for name in names)
    return _filled(CONFIG_NAME, slug=slug, schema=SCHEMA_NAME, comment=comment, include=include)


def _filled(name: str, **values: str) -> str:
    """Return the text of a new file: its template, with the values."""
    template = files(__package__) / "templates" / f"{name.removeprefix('.')}.template"
    return Template(template.read_text("utf-8")).substitute(values)


def _refuse_name(slug: str, taken: Collection[str]) -> None:
    """Raise ConfigError for a project with the name of a package that it needs: it would depend on itself."""
    if slug in taken:
        message = f"a project named {slug} would depend on itself: it needs the package {slug}; nothing was changed"
        raise ConfigError(
            Problem(message, f'give another name, such as: hatch-tilebox init --name "{slug} workflow"', code="TBX800")
        )


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


def _install(command: str, root: Path, progress: Progress) -> None:
    """Lock the project, and with the command `sync` also create its environment."""
    progress.started("Installing" if command == "sync" else "Locking")
    group = ["--group", "test"] if command == "sync" else []
    done = run_uv(command, *group, "--project", ".", folder=root, timeout=INSTALL_LIMIT, on_line=progress.output)
    if done.failed:
        raise ConfigError(Problem(f"uv {command} failed; nothing was changed", details=done.last_words, code="TBX800"))
    progress.finished(_summary(done.errors) or f"uv {command}")


def _summary(output: str) -> str:
    """Return what uv installed, or else how many packages it locked; "" if it does not report that."""
    if installed := re.findall(r"^ \+ ([^\s=]+)==(\S+)", output, re.MULTILINE):
        direct = [f"{name} {version}" for name, version in installed if name in _DEPENDENCIES]
        others = len(installed) - len(direct)
        return f"{', '.join(direct)} and {quantity(others, 'other')}, in {_ENVIRONMENT}"
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
