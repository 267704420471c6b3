"""The graph of tasks: which tasks a release has, which of them submit others, and which wait for others."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.core.task_versions import find_successor
from hatch_tilebox.report.source_edges import source_edges

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_tilebox.compatibility.releases import TaskChange, TaskKind
    from hatch_tilebox.core.model import Task
    from hatch_tilebox.report.job_file import JobFile, JobTask

EdgeKind = Literal["submits", "before"]

MOST_NODES = 150
"""The largest number of tasks that are drawn."""
TRIGGERS = {"cron": "cron schedule", "storage-event": "storage event"}


@dataclass(frozen=True)
class Node:
    """A task. `task` is None if no release has it, `change` the kind of its change since an older release.

    `foreign` marks a task of a run that the shown release does not have. `count` is the number of such tasks in a run, `failed` how
    many of them failed.
    """

    name: str
    version: str
    task: Task | None = None
    change: TaskKind | None = None
    foreign: bool = False
    count: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Edge:
    """`start` submits `end`, or runs `before` it; both are indices of nodes.

    `count` is how often that happened in a run, 0 if only the source shows it.
    """

    start: int
    end: int
    kind: EdgeKind
    count: int = 0


@dataclass(frozen=True)
class Graph:
    """Tasks and the edges between them. `left_out` is the number of tasks that are not drawn."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int = 0


def build_graph(
    tasks: Sequence[Task], sources: Mapping[str, bytes], job: JobFile | None, changes: Sequence[TaskChange] = ()
) -> Graph:
    """Return the graph of the `tasks` of a release and of a run. `sources` has the content of Python files by their paths."""
    kinds = {(change.new.name, change.new.version): change.kind for change in changes if change.new}
    run = job.tasks if job else ()
    places: dict[str, int] = {}
    foreign: dict[tuple[str, str], int] = {}
    for item in run:
        registered = find_successor(tasks, item.name, item.version)
        if registered is None:
            places[item.id] = foreign.setdefault((item.name, item.version), len(tasks) + len(foreign))
        else:
            places[item.id] = next(index for index, task in enumerate(tasks) if task is registered)
    counts = Counter(places[item.id] for item in run)
    failed = Counter(places[item.id] for item in run if item.state.startswith("failed"))
    identities = [*((task.name, task.version, task) for task in tasks), *((*identity, None) for identity in foreign)]
    nodes = tuple(
        Node(
            name,
            version,
            task,
            kinds.get((name, version)) if task else None,
            bool(tasks) and task is None,
            counts[index],
            failed[index],
        )
        for index, (name, version, task) in enumerate(identities)
    )
    edges = _edges(run, places)
    submits, before = source_edges(tasks, sources)
    for kind, found in (("submits", submits), ("before", before)):
        for pair in found:
            edges.setdefault((*pair, kind), 0)  # type: ignore[arg-type]  # mypy widens the literals
    kept = min(len(nodes), MOST_NODES)
    drawn = sorted((key, count) for key, count in edges.items() if max(key[:2]) < kept)
    return Graph(nodes[:kept], tuple(Edge(*key, count) for key, count in drawn), len(nodes) - kept)


def _edges(run: Sequence[JobTask], places: Mapping[str, int]) -> dict[tuple[int, int, EdgeKind], int]:
    """Return the edges of a run, with their counts."""
    found: Counter[tuple[int, int, EdgeKind]] = Counter()
    for item in run:
        if item.parent is not None and item.parent in places:
            found[places[item.parent], places[item.id], "submits"] += 1
        for start in {places[other] for other in item.depends_on if other in places} - {places[item.id]}:
            found[start, places[item.id], "before"] += 1
    return dict(found)


def short_name(name: str) -> str:
    """Return the last part of the name of a task."""
    return name.rpartition("/")[2] or name


def describe_edges(graph: Graph) -> Mapping[int, list[str]]:
    """Return what each task submits and waits for, in words, by the index of the task."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for edge in graph.edges:
        task, verb, other = (edge.start, "submits", edge.end) if edge.kind == "submits" else (edge.end, "waits for", edge.start)
        times = f" ({edge.count} times)" if edge.count > 1 else "" if edge.count else " (in the source)"
        found[task].append(f"{verb} {short_name(graph.nodes[other].name)}{times}")
    return found
