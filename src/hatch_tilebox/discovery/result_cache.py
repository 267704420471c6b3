"""The result of a discovery, its cache key, and its form in the cache."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox import __version__
from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.model import FORMAT, Source, Task
from hatch_tilebox.discovery.cache import RESULTS, digest, file_identity
from hatch_tilebox.discovery.clean_environment import workflow_environment
from hatch_tilebox.discovery.uv_configuration import machine_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hatch_tilebox.core.model import JSON, FileEntry, FileSet, Workflow
    from hatch_tilebox.discovery.cache import Cache
    from hatch_tilebox.discovery.lock_summary import LockSummary

LAYOUT = 2
"""Increased when the content of a cached answer changes."""


class Discovery(NamedTuple):
    """The tasks of a runner. `python` is the version of its interpreter, `sdk` of its tilebox-workflows if it is known.

    `environment` are the names of the passed variables that the code reads at import, sorted. `cached` is whether this is the
    answer of an earlier build with the same inputs.
    """

    tasks: tuple[Task, ...]
    warnings: tuple[Problem, ...]
    python: str
    sdk: str | None
    environment: tuple[str, ...] = ()
    cached: bool = False


def reproducible(lock: LockSummary | None, workflow: Workflow) -> bool:
    """Whether the selected `lock` locks all dependencies of the workflow."""
    return lock is not None and not lock.outside and not (workflow.command and workflow.command[0] != "uv")


def result_key(files: FileSet, entries: Sequence[FileEntry], workflow: Workflow, level: str, passed: Iterable[str]) -> str:
    """The cache key of an answer: 64 hex digits over all inputs except the interpreter (see `kept_result`).

    `passed` are the names and patterns of the variables that the user passes. No answer is cached if one of them is set: its value
    may be a secret, and a digest of it in the key could be used to check guesses.
    """
    environment = workflow_environment()
    return digest(
        {
            "layout": LAYOUT,
            "level": level,
            "files": [[entry.path, entry.mode, entry.sha256] for entry in entries],
            "runner": workflow.runner,
            "command": list(workflow.command) if workflow.command else None,
            "code": _code_digest(),
            "passed": sorted(passed),
            "path": environment["PATH"],
            **machine_key(files, environment),
        }
    )


def _code_digest() -> str:
    """A digest of our version, and of the code that asks the runner: another one may give other answers."""
    content = hashlib.sha256(__version__.encode())
    for folder, _, names in sorted(os.walk(Path(__file__).with_name("in_workflow"))):
        for name in sorted(names):
            if name.endswith(".py"):
                content.update(Path(folder, name).read_bytes())
    return content.hexdigest()


def restore_task(record: Mapping[str, Any]) -> Task:
    """Return a task from its JSON form, or from the answer of a runner."""
    source = record.get("source")
    return Task(**{**record, "source": Source(**source) if source else None})


def keep_result(cache: Cache, key: str, discovery: Discovery, interpreter: list[JSON] | None) -> None:
    """Keep an answer for `key`, with the identity of the interpreter that gave it."""
    record = {
        "tasks": [task.to_dict(FORMAT) for task in discovery.tasks],
        "warnings": [
            {**problem._asdict(), "location": problem.location and problem.location._asdict(), "fix": None}
            for problem in discovery.warnings
        ],
        "python": discovery.python,
        "sdk": discovery.sdk,
        "environment": list(discovery.environment),
        "interpreter": interpreter,
    }
    cache.write(RESULTS, key, record)


def kept_result(cache: Cache, key: str) -> Discovery | None:
    """The answer that was kept for `key`, None if there is none or the file of its interpreter has changed."""
    record = cache.read(RESULTS, key)
    identity = record and record["interpreter"]
    if record is None or not identity or not Path(identity[0]).is_absolute() or file_identity(Path(identity[0])) != identity:
        return None
    return Discovery(
        tuple(restore_task(task) for task in record["tasks"]),
        tuple(Problem(**{**item, "location": item["location"] and Location(**item["location"])}) for item in record["warnings"]),
        record["python"],
        record["sdk"],
        tuple(record["environment"]),
        cached=True,
    )
