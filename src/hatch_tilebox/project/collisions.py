"""Projects of a repository that cannot be published or deployed together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.core.short_forms import listed
from hatch_tilebox.project.releases import read_config
from hatch_tilebox.publish.deployer import CONFLICT_HINT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    ClusterTasks: TypeAlias = Mapping[str, frozenset[tuple[str, str]]]
    """Name and version of the tasks that a project brings to each cluster."""


_DISTINCT = (
    ("workflow", "workflow slug", "be versions of one workflow", "give each project a slug of its own in tilebox.workflow.toml"),
    ("distribution", "project name", "have the same file name", "give each project a name of its own in pyproject.toml"),
)
"""What no two projects may share: attribute, words for it, what would happen, and what to do."""


@dataclass(frozen=True)
class RepositoryProject:
    """A project of a repository. `name` is its path, relative to the folder that the user named, with `/` between parts.

    `workflow` is the slug and `version` the version; None if a file of the project cannot be read, or the version is dynamic.
    `distribution` is the normalized name of the project, "" if it cannot be read.
    """

    path: Path
    name: str
    workflow: str | None
    distribution: str
    version: str | None


def describe_projects(root: Path, paths: Iterable[Path]) -> tuple[RepositoryProject, ...]:
    """Return the projects in the folders `paths` below `root`. Mistakes in their files are left to the commands that open them."""
    return tuple(_describe(root.resolve(), path) for path in paths)


def _describe(root: Path, path: Path) -> RepositoryProject:
    try:
        workflow = read_config(path).workflow.slug
    except TileboxError:
        workflow = None
    pyproject = peek_pyproject(path)
    version = pyproject.table("project").get("version")
    name = path.relative_to(root).as_posix()
    return RepositoryProject(path, name, workflow, pyproject.name, version if isinstance(version, str) else None)


def require_distinct(projects: Sequence[RepositoryProject]) -> None:
    """Raise ConfigError if two projects have one slug, or one name: their releases would replace each other."""
    problems = []
    for attribute, what, effect, hint in _DISTINCT:
        owners: dict[str | None, list[str]] = defaultdict(list)
        for project in projects:
            owners[getattr(project, attribute)].append(project.name)
        problems += [
            Problem(f"{listed(places)} have the same {what} {value!r}: their releases would {effect}", hint, code="TBX025")
            for value, places in owners.items()
            if value and len(places) > 1
        ]
    if problems:
        raise ConfigError(*problems)


def shared_tasks(deployments: Mapping[str, ClusterTasks]) -> list[tuple[Problem, frozenset[str]]]:
    """Return a problem, with the names of the projects, for each task that two projects bring to one cluster in one version.

    `deployments` are what projects bring, by their names. Runners would advertise neither task.
    """
    owners: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for project, clusters in deployments.items():
        for cluster, tasks in clusters.items():
            for name, version in tasks:
                owners[cluster, name, version].append(project)
    return [
        (
            Problem(
                f"{listed(places)} bring the same task {name!r} {version} to cluster {cluster!r}: a release runner would "
                "advertise none of them",
                CONFLICT_HINT,
                code="TBX507",
            ),
            frozenset(places),
        )
        for (cluster, name, version), places in sorted(owners.items())
        if len(places) > 1
    ]
