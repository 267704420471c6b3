"""The subtasks that a task submits, read from messages of the worker protocol."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Submission:
    """A submitted subtask. `depends_on` are indices into the list of submissions of the same task."""

    name: str
    version: str
    input: bytes
    display: str
    depends_on: tuple[int, ...] = ()
    max_retries: int = 0
    optional: bool = False
    cluster: str = ""


def submissions_of(computed: Mapping[str, Any]) -> list[Submission]:
    """Return the subtasks in a `workflows.v1.ComputedTask`, which is in protobuf's JSON form.

    Current SDKs submit groups of tasks that share their dependencies. Older ones submit a list of tasks, under the same name in
    the JSON form, or under `legacySubTasks` if the installed messages have both.
    """
    found = computed.get("subTasks")
    if isinstance(found, dict):
        return _grouped(found)
    return [_single(item) for item in found or computed.get("legacySubTasks", ())]


def count_groups(computed: Mapping[str, Any]) -> int:
    """Return the number of task groups in a `workflows.v1.ComputedTask`, 0 if the SDK submits no groups."""
    found = computed.get("subTasks")
    return len(found.get("taskGroups", ())) if isinstance(found, dict) else 0


def progress_of(response: Mapping[str, Any]) -> tuple[tuple[str, int, int], ...]:
    """Return label, done and total of the progress indicators in a `ComputedTask` or `TaskFailedRequest`."""
    return tuple(
        (str(item.get("label", "")), int(item.get("done", 0)), int(item.get("total", 0)))
        for item in response.get("progressUpdates", ())
    )


def show_input(data: bytes) -> Any:
    """Return the input of a task as a JSON value: None for no input, and a string of hexadecimal digits for other bytes."""
    try:
        return json.loads(data) if data else None
    except (RecursionError, ValueError):
        return data.hex()


def _grouped(message: Mapping[str, Any]) -> list[Submission]:
    groups = message.get("taskGroups", [])
    starts = [0]
    for group in groups:
        starts.append(starts[-1] + len(group.get("inputs", ())))
    return [
        submission
        for group in groups
        for submission in _group(
            group,
            message,
            [i for other in group.get("dependenciesOnOtherGroups", ()) for i in range(*starts[int(other) : int(other) + 2])],
        )
    ]


def _group(group: Mapping[str, Any], message: Mapping[str, Any], depends_on: list[int]) -> list[Submission]:
    count = len(group.get("inputs", ()))
    columns = {
        name: [int(value) for value in group.get(name) or [0] * count]
        for name in ("identifierPointers", "clusterSlugPointers", "displayPointers", "maxRetriesValues", "optionalValues")
    }
    identifiers, clusters, displays = (message.get(f"{name}Lookup", []) for name in ("identifier", "clusterSlug", "display"))
    found = []
    for row in range(count):
        identifier = identifiers[columns["identifierPointers"][row]]
        found.append(
            Submission(
                identifier["name"],
                identifier["version"],
                base64.b64decode(group["inputs"][row]),
                displays[columns["displayPointers"][row]] if displays else "",
                tuple(depends_on),
                columns["maxRetriesValues"][row],
                bool(columns["optionalValues"][row]),
                clusters[columns["clusterSlugPointers"][row]] if clusters else "",
            )
        )
    return found


def _single(item: Mapping[str, Any]) -> Submission:
    return Submission(
        item["identifier"]["name"],
        item["identifier"]["version"],
        base64.b64decode(item.get("input", "")),
        item.get("display", ""),
        tuple(int(index) for index in item.get("dependencies", ())),
        int(item.get("maxRetries", 0)),
        cluster=item.get("clusterSlug", ""),
    )
