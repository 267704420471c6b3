"""Tilebox's command-line tool: finding it, running it in a project folder, reading its answer.

Source: https://docs.tilebox.com and https://github.com/tilebox/skills. `tilebox workflow publish-release FOLDER --json` builds the
project in FOLDER, starts its worker with uv, uploads the archive and prints `{id, message, fingerprint, tasks, files}`.
"""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.discovery.clean_environment import install_environment
from hatch_tilebox.discovery.process import LONGEST_MESSAGE, Child, Finished, run, tail
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.publish.tilebox.api import INSTALL_TOOL
from hatch_tilebox.publish.tilebox.messages import file_paths

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLISH_LIMIT = 3600.0
"""Seconds for one publication: a cold environment is installed, the worker starts, and the archive is uploaded."""
_HELP_LIMIT = 30.0
_MAX_ANSWER = 64 * 2**20
"""Characters of an answer that are read."""
_SHOWN = 500


@dataclass(frozen=True)
class ToolAnswer:
    """What the tool printed about a release. `tasks` and `files` are None where it printed them in a form that is not known."""

    id: str
    message: str
    tasks: frozenset[tuple[str, str]] | None
    files: frozenset[str] | None


def find_tool() -> Path | None:
    """Return the `tilebox` program on PATH, or None. Folders that PATH names relatively are not searched."""
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder).is_absolute()]
    found = shutil.which("tilebox", path=os.pathsep.join(folders))
    return Path(found) if found and Path(found).is_absolute() else None


class ReleaseTool:
    """The tool at `program`, which publishes to the API at `url` with `key`. `mask` removes secrets from what it prints."""

    def __init__(self, program: Path, url: str, key: str, mask: Callable[[str], str], *, limit: float = PUBLISH_LIMIT) -> None:
        self._program = str(program)
        self._secrets = {"TILEBOX_API_KEY": key, "TILEBOX_API_URL": url}
        self._mask = mask
        self._limit = limit

    def publish(self, folder: Path, on_message: Callable[[str], None]) -> ToolAnswer:
        """Publish the project in `folder`. `on_message` gets each line that the tool prints to stderr.

        Raises PublishError if the tool fails, takes too long, is too old or prints something else than its answer; DiscoveryError
        if there is no uv, which the tool needs.
        """
        output: list[str] = []
        size = 0

        def keep(line: str) -> None:
            nonlocal size
            size += len(line)
            if size <= _MAX_ANSWER:
                output.append(line)

        with Child(
            [self._program, "workflow", "publish-release", str(folder), "--json"],
            folder=folder,
            environment=self._environment(),
            on_line=lambda line: on_message(self._mask(line)),
            on_output=keep,
            longest_line=LONGEST_MESSAGE,
        ) as child:
            in_time = child.wait(self._limit)
            finished = child.result(timed_out=not in_time)
        self._check(finished, folder)
        return self._parse("\n".join(output), folder)

    def _environment(self) -> dict[str, str]:
        """Return the environment of the tool, with uv on PATH."""
        environment = {**install_environment(), **self._secrets}
        uv = str(require_uv().parent)
        if not shutil.which("uv", path=environment["PATH"]):
            environment["PATH"] = os.pathsep.join(filter(None, (environment["PATH"], uv)))
        return environment

    def _check(self, finished: Finished, folder: Path) -> None:
        """Raise PublishError if the run failed."""
        again = "publish again: what the service already has is not uploaded twice"
        if finished.timed_out:
            message = f"{self._program} did not finish within {self._limit:g} s and was stopped"
            raise PublishError(Problem(message, hint=again, details=self._last_lines(finished.errors)))
        if finished.returncode:
            self._require_command(folder)
            how = f"exit code {finished.returncode}" if finished.returncode > 0 else f"signal {-finished.returncode}"
            details = self._last_lines(finished.errors) or self._last_lines(finished.output)
            raise PublishError(Problem(f"{self._program} workflow publish-release failed: {how}", hint=again, details=details))

    def _parse(self, output: str, folder: Path) -> ToolAnswer:
        """Return the answer in the output. Raises PublishError if it is something else."""
        try:
            value: Any = parse_json(output.encode())
            identifier = str(uuid.UUID(value["id"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            self._require_command(folder)
            hint = "hatch-tilebox releases shows whether the release is there; publish again when the tool is updated"
            details = self._mask(output[:_SHOWN]) or None
            message = f"{self._program} workflow publish-release --json did not print a JSON object with the id of a release"
            raise PublishError(Problem(message, hint=hint, details=details)) from None
        message = self._mask(str(value.get("message") or ""))[:_SHOWN]
        return ToolAnswer(identifier, message, _tasks(value.get("tasks")), _files(value.get("files")))

    def _require_command(self, folder: Path) -> None:
        """Raise PublishError if the tool is too old to publish. Asked only after a failure: a run of the tool costs time."""
        environment = install_environment()
        done = run([self._program, "workflow", "--help"], folder=folder, environment=environment, timeout=_HELP_LIMIT)
        if "publish-release" not in done.output + done.errors:
            version = run([self._program, "--version"], folder=folder, environment=environment, timeout=_HELP_LIMIT)
            found = (version.output.strip().splitlines() or ["unknown version"])[0]
            message = f"{self._program} ({found[:100]}) has no command `workflow publish-release`"
            raise PublishError(Problem(message, hint=f"install the current version with: {INSTALL_TOOL}", code="TBX509"))

    def _last_lines(self, text: str) -> str | None:
        return self._mask(tail(text) or "") or None


def _tasks(value: Any) -> frozenset[tuple[str, str]] | None:
    """Return the tasks of an answer: objects with name and version."""
    try:
        return frozenset((str(task["name"]), str(task["version"])) for task in value)
    except (TypeError, KeyError):
        return None


def _files(value: Any) -> frozenset[str] | None:
    """Return the files of an answer: paths, or a tree of `Path` messages."""
    if not isinstance(value, list):
        return None
    if all(isinstance(item, str) for item in value):
        return frozenset(value)
    return file_paths(value) or None
