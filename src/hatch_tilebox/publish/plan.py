"""Plans of deployments: what runs on each cluster, what would run, and what that means for tasks and jobs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hatch_tilebox.compatibility.releases import compare_tasks
from hatch_tilebox.core.errors import ArchiveError, Problem, PublishError
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.model import Task
from hatch_tilebox.core.read_text import read_text
from hatch_tilebox.core.short_forms import short_ids
from hatch_tilebox.core.tables import Column
from hatch_tilebox.publish.deployer import Cluster, conflicts, require_deployer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_tilebox.compatibility.releases import TaskChange
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Destination, PublishedRelease

FORMAT = 1


@dataclass(frozen=True)
class PlannedTask:
    """A task that the deployment changes.

    `change` is "added", "removed" or "changed"; `old` and `new` are versions. `input` is "same", "changed" or "unknown". `retry` is
    whether jobs submitted to the release that runs now can be retried; None if that is not known. `reasons` say why not.
    """

    name: str
    change: str
    old: str | None
    new: str | None
    input: str
    retry: bool | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ClusterPlan:
    """What a deployment changes on a cluster.

    `now` is the id of the workflow's release that runs there, or None. `state` maps every workflow there to the id of its release.
    """

    cluster: str
    now: str | None
    state: dict[str, str]
    tasks: tuple[PlannedTask, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class DeploymentPlan:
    """The deployment of `release` to clusters of the destination `url`, as far as it is known before."""

    url: str
    workflow: str
    release: str
    clusters: tuple[ClusterPlan, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {"format": FORMAT, **json.loads(json.dumps(asdict(self)))}


def make_plan(destination: Destination, release: PublishedRelease, clusters: Sequence[str]) -> DeploymentPlan:
    """Return the plan to deploy a release to clusters, or to the default one if none is named. Changes nothing."""
    deployer = require_deployer(destination)
    workflow = release.workflow
    described = _manifest_tasks(destination, release)
    names = frozenset((task.name, task.version) for task in described) if described else deployer.tasks(workflow, release.id)
    published: dict[str, PublishedRelease] = {}
    plans = []
    for cluster in [deployer.cluster(slug) for slug in clusters or ("",)]:
        deployed = cluster.find(workflow)
        tasks: list[PlannedTask] = []
        if deployed and deployed.release != release.id:
            published = published or {each.id: each for each in destination.releases(workflow)}
            before = _manifest_tasks(destination, published[deployed.release]) if deployed.release in published else None
            known = before is not None and described is not None
            old = before if known and before else [Task(*pair) for pair in sorted(deployed.tasks)]
            new = described if known and described else [Task(*pair) for pair in sorted(names)]
            changes = compare_tasks(old, new)
            tasks = [_planned(change, known=known) for change in changes if change.kind != "unchanged"]
        elif not deployed:
            tasks = [PlannedTask(name, "added", None, version, "same", None, ()) for name, version in sorted(names)]
        found = tuple(problem.message for problem in conflicts(workflow, names, [cluster]))
        plans.append(ClusterPlan(cluster.slug, cluster.release_of(workflow), _state(cluster), tuple(tasks), found))
    return DeploymentPlan(destination.url, workflow, release.id, tuple(plans))


def show_plan(plan: DeploymentPlan, progress: Progress) -> None:
    """Show what the plan changes on each cluster."""
    for each in plan.clusters:
        same = each.now == plan.release
        now, then = each.now or "nothing of this workflow", plan.release
        if not progress.shows_whole_ids:
            short = short_ids((now, then))
            now, then = short[now], short[then]
        progress.note(f"{each.cluster}: {now} -> {then}{' (no change)' if same else ''}")
        retry = {True: "yes", False: "no", None: "" if each.now is None else "not known"}
        rows = [
            (task.name, task.old or "", task.new or "", task.change, task.input, retry[task.retry] if task.old else "")
            for task in each.tasks
        ]
        if rows:
            progress.table(("Task", "Now", "Then", "Change", Column("Input", drop=1), "Retry jobs"), rows)
        for task in each.tasks:
            if task.retry is False:
                progress.note(f"{task.name}: {'; '.join(task.reasons)}")
        for conflict in each.conflicts:
            progress.note(f"conflict: {conflict}")


def save_plan(plan: DeploymentPlan, path: Path) -> None:
    """Write the plan as JSON. Raises PublishError if it cannot be written."""
    try:
        with whole_file(path) as file:
            file.write(json.dumps(plan.to_dict(), indent=2).encode() + b"\n")
    except OSError as error:
        raise PublishError(Problem(f"{path} cannot be written: {error.strerror}", code="TBX516")) from error


def load_plan(path: Path) -> DeploymentPlan:
    """Read a plan that `save_plan` wrote. Raises PublishError if the file is something else."""
    try:
        data = parse_json(read_text(path).encode())
    except OSError as error:
        raise PublishError(Problem(f"{path} cannot be read: {error.strerror}", code="TBX508")) from error
    except ValueError as error:
        raise _no_plan(path) from error
    try:
        if data["format"] != FORMAT:
            raise _no_plan(path)
        url, workflow, release = texts = tuple(data[key] for key in ("url", "workflow", "release"))
        clusters = tuple(ClusterPlan(each["cluster"], each["now"], dict(each["state"]), (), ()) for each in data["clusters"])
    except (KeyError, TypeError, ValueError) as error:
        raise _no_plan(path) from error
    parts = [*texts, *(text for each in clusters for text in (each.cluster, *each.state.keys(), *each.state.values()))]
    if not clusters or not all(isinstance(text, str) and text for text in parts):
        raise _no_plan(path)
    return DeploymentPlan(url, workflow, release, clusters)


def require_unchanged(plan: DeploymentPlan, destination: Destination) -> None:
    """Raise PublishError if the plan is for another destination, or one of its clusters has changed since."""
    if plan.url != destination.url:
        raise PublishError(
            Problem(f"the plan is for {plan.url}, not for {destination.url}", hint="name the destination with --to", code="TBX508")
        )
    deployer = require_deployer(destination)
    problems = []
    for each in plan.clusters:
        state = _state(deployer.cluster(each.cluster))
        changed = sorted(workflow for workflow in {*state, *each.state} if state.get(workflow) != each.state.get(workflow))
        problems += [
            Problem(
                f"cluster {each.cluster!r} has changed since the plan: workflow {workflow!r} had "
                f"{each.state.get(workflow) or 'no release'}, and now has {state.get(workflow) or 'none'}",
                hint="make a new plan with --dry-run",
                code="TBX508",
            )
            for workflow in changed
        ]
    if problems:
        raise PublishError(*problems)


def _planned(change: TaskChange, *, known: bool) -> PlannedTask:
    kind = "added" if change.old is None else "removed" if change.new is None else "changed"
    old, new = (task.version if task else None for task in (change.old, change.new))
    same = bool(change.old and change.new and change.old.input_schema == change.new.input_schema)
    given = "unknown" if not known and kind == "changed" else "same" if same or kind != "changed" else "changed"
    # Without manifests only versions are compared: they can rule out a retry, but not promise one.
    retry = None if kind == "added" or change.kind == "undecided" else change.kind != "breaking"
    retry = None if retry and not known else retry
    return PlannedTask(change.name, kind, old, new, given, retry, change.reasons)


def _manifest_tasks(destination: Destination, release: PublishedRelease) -> tuple[Task, ...] | None:
    """Return the tasks in the manifest of a release, or None if the destination cannot read it."""
    try:
        manifest = destination.manifest(release)
    except ArchiveError:
        return None
    return manifest.tasks if manifest else None


def _state(cluster: Cluster) -> dict[str, str]:
    return {deployed.workflow: deployed.release for deployed in cluster.deployed}


def _no_plan(path: Path) -> PublishError:
    return PublishError(
        Problem(f"{path} is not a deployment plan", hint="write one with hatch-tilebox deploy --dry-run --plan FILE", code="TBX508")
    )
