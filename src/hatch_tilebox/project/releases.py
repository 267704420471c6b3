"""The release of a project that is published, and the clusters of its targets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.archive.reader import read_manifest
from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ArchiveError, Problem, PublishError
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.project.build_options import HOOK_TABLE, load_options, options_table
from hatch_tilebox.project.find import config_file, find_project
from hatch_tilebox.project.freshness import require_fresh
from hatch_tilebox.project.metadata import read_project
from hatch_tilebox.project.open import open_project
from hatch_tilebox.project.pyproject import read_pyproject
from hatch_tilebox.project.workflow_file import advice_on_missing, load_config
from hatch_tilebox.publish.locate import find_release, has_release
from hatch_tilebox.publish.service import open_release
from hatch_tilebox.publish.steps import show_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import LocalRelease
    from hatch_tilebox.publish.settings import Settings
    from hatch_tilebox.publish.steps import StepLog


def prepare_release(
    places: Sequence[Path],
    root: Path | None,
    settings: Settings,
    progress: Progress,
    log: StepLog,
    *,
    repository: Path | None = None,
    may_build: bool = False,
) -> LocalRelease:
    """Return the release to publish: the one in `places`, or the current one of the project in `root`, built first if set.

    With `may_build`, it is also built if there is none or the project has changed, unless the settings say no. `repository` is the
    folder whose projects are published together: their releases are in its `dist`. Raises PublishError if there is no release, or
    the project has changed since it was built, unless `settings.stale`.
    """
    if settings.build and places:
        message = "--build publishes the new release, so no archive can be named"
        raise PublishError(Problem(message, hint="leave out one of the two", code="TBX023"))
    as_it_is = "--stale" if settings.stale else ""
    if places:
        path = find_release(places, None)
    elif not settings.build and (settings.build is False or settings.stale or not may_build):
        path = current_release(root or find_project(Path.cwd()), repository)
    else:
        path, as_it_is = _built(root or find_project(Path.cwd()), settings, progress, log, repository)
    with log.step("read") as done:
        local = open_release(path, progress)
        done.append(path.name)
    if as_it_is or root is None or not os.path.lexists(config_file(peek_pyproject(root))):
        log.skip("compare-project", as_it_is or "no project")
        return local
    with log.step("compare-project") as done, show_step(progress, "Comparing the files") as shown:
        done.append(require_fresh(local.manifest, path.name, root))
        shown.append(done[-1])
    return local


def _built(root: Path, settings: Settings, progress: Progress, log: StepLog, repository: Path | None) -> tuple[Path, str]:
    """Return the archive of the project as it is now, and why it need not be compared. `settings.build` always builds it."""
    if not settings.build and (found := _up_to_date(root, progress, repository)):
        return found, "up to date"
    with log.step("build") as done:
        path = _build(root, progress, repository=repository)
        done.append(path.name)
    return path, "just built"


def fresh_release(root: Path, progress: Progress, variables: Sequence[str] = ()) -> Path:
    """Return the archive of the project in `root` as it is now, built if there is none or the project has changed since.

    `variables` are those of a build (see `build_release`). Raises TileboxError if the project cannot be built.
    """
    return _up_to_date(root, progress) or _build(root, progress, variables)


def _up_to_date(root: Path, progress: Progress, repository: Path | None = None) -> Path | None:
    with show_step(progress, "Comparing the files") as shown:
        found = built_release(root, repository)
        shown.append(f"{found.name} is up to date" if found else "the project has changed, or is not built: building it")
    return found


def _build(root: Path, progress: Progress, variables: Sequence[str] = (), repository: Path | None = None) -> Path:
    project = open_project(root)
    return project.build((repository or project.root) / "dist", progress, variables).artifact.path


def built_release(root: Path, repository: Path | None = None) -> Path | None:
    """Return the archive that was built from the files of the project in `root` as they are now, None if there is none."""
    try:
        path = current_release(root, repository)
        manifest = read_manifest(path)
        if manifest.workflow.slug != read_config(root).workflow.slug:
            return None
        require_fresh(manifest, path.name, root)
    except (PublishError, ArchiveError):
        return None
    return path


def read_config(root: Path) -> WorkflowConfig:
    """Return the workflow configuration of the project in `root`. Raises ConfigError; `pyproject.toml` is not checked."""
    return load_config(config_file(peek_pyproject(root)), base=root)


def clusters_of(root: Path | None, target: str) -> tuple[str, ...]:
    """Return the cluster slugs of a target in the workflow configuration of the project in `root`.

    Raises PublishError if there is no such target.
    """
    if root is None:
        hint = f"run this in the workflow project; or {advice_on_missing(Path.cwd())}"
        raise PublishError(Problem(f"target {target!r} needs a {CONFIG_NAME}", hint, code="TBX023"))
    config = read_config(root)
    if target not in config.targets:
        known = ", ".join(sorted(config.targets)) or "none"
        raise PublishError(Problem(f"{config.path.name} has no target {target!r}", hint=f"targets there: {known}", code="TBX023"))
    return config.targets[target]


def current_release(root: Path, repository: Path | None = None) -> Path:
    """Return the archive of the current version of the project in `root`, in the output folder of its builds.

    The option `output-dir` names this folder. Without it, `dist` of the `repository` comes before the project's own `dist`. Raises
    PublishError if there is none or more than one. This may ask the project's build backend for the version.
    """
    pyproject = read_pyproject(root)
    project = read_project(pyproject)
    options = load_options(options_table(pyproject), where=HOOK_TABLE, environ=os.environ, pyproject=pyproject)
    own = root / (options.output_dir or "dist")
    if repository and not options.output_dir and (shared := repository / "dist") != own:
        return find_release([shared if has_release(shared, project) else own], project)
    return find_release([own], project)
