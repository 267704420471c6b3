"""Why a workflow does not start, in words that name the cure."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.errors import Location, Problem
from hatch_tilebox.model import CONFIG_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.model import FileSet, Workflow
    from hatch_tilebox.runtime.process import Finished

__all__ = ["Context", "Paths", "failure", "no_answer", "no_pyproject", "sync_failed", "unreadable_pyproject"]

LAST_LINES = 20


@dataclass(frozen=True)
class Paths:
    """Where things were staged, so that texts can name them as they are in the user's project."""

    project: Path
    prefix: Path

    def clean(self, text: str) -> str:
        """`text` with paths as in the user's project."""
        for folder in {str(self.project), str(self.project.resolve())}:
            text = text.replace(f"file://{folder}", "the project").replace(f"{folder}/", "").replace(f"{folder}\\", "")
            text = text.replace(folder, ".")
        return text.replace(str(self.prefix), "<environment>")


@dataclass(frozen=True)
class Context:
    """What an explanation draws on besides the failure itself. `timeout` in seconds."""

    files: FileSet
    workflow: Workflow
    pyproject: Mapping[str, Any]
    location: Location | None
    paths: Paths
    timeout: float

    @property
    def selected(self) -> frozenset[str]:
        """Paths of the selected files."""
        return frozenset(file.path for file in self.files.files)


def tail(text: str, lines: int = LAST_LINES) -> str | None:
    """The last lines of `text`, None where there is nothing."""
    return "\n".join(text.strip().splitlines()[-lines:]) or None


def include_hint(*paths: str) -> str:
    """How to select `paths`."""
    quoted = " and ".join(f'"{path}"' for path in paths)
    return f"add {quoted} to [build] include in {CONFIG_NAME}"


def no_pyproject(files: FileSet) -> Problem:
    """`pyproject.toml` is not selected."""
    if (files.root / "pyproject.toml").is_file():
        return Problem(
            "pyproject.toml is not among the selected files, so a release runner could not install the dependencies",
            include_hint("pyproject.toml", "uv.lock"),
        )
    return Problem(
        "there is no pyproject.toml in the workflow's root, so a release runner could not install the dependencies",
        "make one with `uv init --bare` and `uv add tilebox`",
    )


def unreadable_pyproject(error: Exception) -> Problem:
    """`pyproject.toml` is no TOML."""
    line = getattr(error, "line", 0)
    return Problem(f"not valid TOML: {error}", location=Location("pyproject.toml", line))


def sync_failed(words: str, files: FileSet, pyproject: Mapping[str, Any], *, timed_out: bool) -> Problem:
    """Uv could not make the environment."""
    if timed_out:
        return Problem(
            "uv did not finish installing the dependencies", "see what it waits for with `uv sync -v`", details=tail(words)
        )
    if "needs to be updated" in words and "--locked" in words:
        return Problem(
            "uv.lock is stale: it does not fit pyproject.toml",
            "bring it up to date with `uv lock`",
            Location("uv.lock"),
            tail(words),
        )
    return Problem("uv could not install the workflow's dependencies", "try `uv sync` in the project", details=tail(words))


def failure(context: Context, facts: dict[str, Any]) -> Problem:
    """The probe answered with something else than tasks."""
    kind = facts["status"]
    runner = context.workflow.runner or ""
    module, _, path = runner.partition(":")
    if kind == "missing":
        names = [*facts["runners"], *(name for name in facts["close"] if name not in facts["runners"])]
        close = " or ".join(f"`{module}:{name}`" for name in names[:3])
        hint = f"did you mean {close}?" if names else f"define it in {module}"
        return Problem(f"`{facts['where']}` has no `{facts['part']}`, so `{runner}` names no runner", hint, context.location)
    if kind == "type":
        hint = f"did you mean `{module}:{facts['runners'][0]}`?" if facts["runners"] else "name a `tilebox.workflows.Runner`"
        if facts["callable"]:
            hint = f"it is a function: call it at the end of {module} (`runner = {path}()`), and name `{module}:runner`"
        return Problem(f"`{runner}` is no Runner but of type {facts['type']}", hint, context.location)
    if kind == "old-sdk":
        return Problem(
            "the installed tilebox-workflows has no `Runner`", "upgrade it: `uv lock --upgrade-package tilebox-workflows`"
        )
    if kind == "exit":
        return Problem(f"importing `{module}` called sys.exit({facts['code']})", details=context.paths.clean(facts["traceback"]))
    return Problem(
        f"importing `{module}` failed: {facts['type']}: {facts['message']}", details=context.paths.clean(facts["traceback"])
    )


def no_answer(context: Context, result: Finished, hang: str) -> Problem:
    """The process of the workflow ended without an answer."""
    module = (context.workflow.runner or "").partition(":")[0]
    if result.timed_out or hang:
        return Problem(f"importing `{module}` took longer than {context.timeout:g} seconds", details=tail(hang))
    if result.returncode < 0:
        name = signal.Signals(-result.returncode).name
        return Problem(f"importing `{module}` crashed the interpreter ({name})", details=tail(context.paths.clean(result.errors)))
    return Problem(
        f"importing `{module}` ended the process with exit code {result.returncode}",
        details=tail(context.paths.clean(result.errors)),
    )


def unusable_tasks(tasks: Any, workflow: Workflow, location: Location | None) -> list[Problem]:
    """What keeps `tasks` from being a release's."""
    if not tasks:
        asked = f"`{workflow.runner}`" if workflow.runner else "the worker"
        return [Problem(f"{asked} registers no task", "register at least one: `Runner(tasks=[MyTask])`", location)]
    return [
        Problem(
            f"task `{task.name}` has version {task.version!r}, and a version is `vMAJOR.MINOR`",
            'return ("...", "v1.0") from identifier()',
        )
        for task in tasks
        if not re.fullmatch(r"v\d+\.\d+", task.version)
    ]


def doubts(answer: Mapping[str, Any], files: FileSet, *, locked: bool) -> list[Problem]:
    """What does not stop a release but should be looked at."""
    problems = []
    if not locked:
        problems.append(lock_missing(files))
    if answer["unnamed"]:
        problems.append(
            Problem(
                f"default task identifiers: {', '.join(answer['unnamed'])}",
                "give each a stable name before publishing: a static method `identifier()` that returns (name, version)",
            )
        )
    return problems


def lock_missing(files: FileSet) -> Problem:
    """No `uv.lock` among the selected files."""
    if (files.root / "uv.lock").is_file():
        return Problem("uv.lock is not among the selected files: the release cannot be reproduced", include_hint("uv.lock"))
    return Problem("there is no uv.lock: the release cannot be reproduced", "make one with `uv lock`, and select it")


def disagreement(imported: list[dict[str, Any]], served: list[dict[str, Any]], context: Context) -> Problem | None:
    """The runner object and the worker name different tasks."""
    found = {(task["name"], task["version"]) for task in imported}
    said = {(task["name"], task["version"]) for task in served}
    if found == said:
        return None
    different = ", ".join(f"{name} {version}" for name, version in sorted(found ^ said))
    return Problem(
        f"`{context.workflow.runner}` registers other tasks when it is imported than when it is served: {different}",
        "register tasks where the module is imported, whatever the environment",
        context.location,
    )


def worker_failed(context: Context, code: str, details: str, finished: Finished | None) -> Problem:
    """The worker did not start, or did not answer."""
    words = tail(context.paths.clean(finished.errors or finished.output)) if finished else None
    command = " ".join(context.workflow.command or ("python", "-m", "tilebox.workflows.runner", context.workflow.runner or ""))
    if code == "program":
        return Problem(f"the worker command cannot be started: {details}", "name a program that is there", context.location)
    if code == "ended" and finished:
        return Problem(f"`{command}` {ending(finished.returncode)} before it served its tasks", None, context.location, words)
    if code == "timeout":
        return Problem(f"`{command}` did not serve its tasks within {context.timeout:g} seconds", None, context.location, words)
    if code == "client":
        return Problem("the worker cannot be asked for its tasks: the client beside it failed", None, context.location, words)
    return Problem(f"the worker answered {code}: {details}", None, context.location, words)


def ending(returncode: int) -> str:
    """How a process ended."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    try:
        return f"was killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was killed by signal {-returncode}"
