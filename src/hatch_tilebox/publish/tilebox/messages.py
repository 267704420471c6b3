"""Messages of the Tilebox API as JSON values: what publishing sends, and what is read of answers.

Source: the protobuf definitions of `workflows.v1`, https://github.com/tilebox/api
"""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem, PublishError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.model import FileEntry, ReleaseManifest

_SHOWN = 500
"""Characters of an answer that an error repeats."""

# The fields that are read of each message: a dict has optional fields, a list any number of items.
_SLUGS = [{"slug": str}]
_RELEASE: dict[str, Any] = {
    "id": {"uuid": str},
    "artifact": {"digest": str},
    "content": {
        "fingerprint": str,
        "tasks": [{"name": str, "version": str}],
        "files": [{"path": str, "directory": bool, "children": list}],
        "runnerObjectPath": str,
        "commandOverride": [str],
    },
    "createdAt": str,
    "clusters": _SLUGS,
}
_WORKFLOW = {"slug": str, "releases": [_RELEASE]}
_CLUSTER = {"slug": str, "displayName": str, "deployedReleases": [_WORKFLOW]}
ANSWERS: dict[str, Any] = {
    "CreateWorkflow": _WORKFLOW,
    "DeployWorkflowRelease": {"clusters": _SLUGS},
    "GetCluster": _CLUSTER,
    "GetWorkflow": _WORKFLOW,
    "ListClusters": {"clusters": [_CLUSTER]},
    "ListWorkflows": {"workflows": [_WORKFLOW], "nextPage": {}},
    "PublishWorkflowRelease": _RELEASE,
    "UndeployWorkflowRelease": {"clusters": _SLUGS},
    "UnpublishWorkflowRelease": {},
}
"""The shape of the answer to each method."""


def has_shape(value: Any, shape: Any) -> bool:
    """Return whether the fields of `value` that `shape` names have its types."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(has_shape(value[key], part) for key, part in shape.items() if key in value)
    if isinstance(shape, list):
        return isinstance(value, list) and all(has_shape(item, shape[0]) for item in value)
    return isinstance(value, shape)


def encode_id(identifier: str) -> dict[str, str]:
    """Return an ID message. Raises PublishError if `identifier` is not a UUID."""
    try:
        return {"uuid": base64.b64encode(uuid.UUID(identifier).bytes).decode()}
    except ValueError:
        raise PublishError(Problem(f"{identifier!r} is not a release id", hint="hatch-tilebox releases lists them")) from None


def decode_id(message: Any) -> str:
    """Return the UUID of an ID message. Raises PublishError if it has none."""
    try:
        return str(uuid.UUID(bytes=base64.b64decode(message["uuid"])))
    except (TypeError, KeyError, ValueError, binascii.Error):
        raise PublishError(Problem(f"the Tilebox API returned {repr(message)[:_SHOWN]}, which is not an id")) from None


def release_content(manifest: ReleaseManifest) -> dict[str, Any]:
    """Return the message `ReleaseContent` of a release."""
    content: dict[str, Any] = {
        "fingerprint": manifest.fingerprint,
        "tasks": [{"name": task.name, "version": task.version} for task in manifest.tasks],
        "files": file_tree(manifest.files),
    }
    if manifest.workflow.command:
        content["commandOverride"] = list(manifest.workflow.command)
    else:
        content["runnerObjectPath"] = manifest.workflow.runner
    return content


def file_tree(files: Sequence[FileEntry]) -> list[dict[str, Any]]:
    """Return the files as one root node of `Path` messages, as the vendor's own clients send them.

    Each node is named by its own part of the path. Nodes keep the order of the archive.
    """
    root: dict[str, Any] = {"path": ".", "directory": True, "children": []}
    folders: dict[tuple[str, ...], list[dict[str, Any]]] = {(): root["children"]}
    for file in files:
        *parents, name = file.path.split("/")
        for depth, part in enumerate(parents, 1):
            if tuple(parents[:depth]) not in folders:
                children: list[dict[str, Any]] = []
                folders[tuple(parents[: depth - 1])].append({"path": part, "directory": True, "children": children})
                folders[tuple(parents[:depth])] = children
        folders[tuple(parents)].append({"path": name})
    return [root]


def file_paths(tree: Any) -> frozenset[str]:
    """Return the paths of the files in a tree of `Path` messages, with or without a root node."""
    paths: set[str] = set()
    pending = [("", node) for node in tree] if isinstance(tree, list) else []
    while pending:
        parent, node = pending.pop()
        if not isinstance(node, dict) or not isinstance(node.get("path"), str):
            continue
        path = parent if node["path"] == "." else f"{parent}{node['path']}"
        if node.get("directory") or node.get("children"):
            folder = f"{path}/" if path and not path.endswith("/") else path
            pending += [(folder, child) for child in node.get("children") or ()]
        else:
            paths.add(path)
    return frozenset(paths)


def release_tasks(release: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """Return name and version of the tasks of a `WorkflowRelease`."""
    tasks = release.get("content", {}).get("tasks", [])
    return frozenset((task.get("name", ""), task.get("version", "")) for task in tasks)


def time_order(timestamp: str) -> tuple[str, str]:
    """Return a sort key of a Timestamp in JSON form. As plain strings, a whole second sorts after its fractions."""
    seconds, _, fraction = timestamp.removesuffix("Z").partition(".")
    return seconds, fraction.ljust(9, "0")
