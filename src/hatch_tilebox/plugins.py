"""Rules of an organisation, run over every release before it is written.

A plugin is a package that advertises a module or object in the entry-point group `hatch_tilebox` and implements a hook with
`hookimpl`; `docs/how-to/add-release-checks.md` builds one. Import this module only where plugins are about to be used.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pluggy

from hatch_tilebox.core.errors import PluginError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from hatch_tilebox.core.errors import Location

__all__ = ["Finding", "ReleaseFile", "hookimpl", "hookspec", "plugin_manager", "run_release_checks"]

GROUP = "hatch_tilebox"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@dataclass(frozen=True)
class ReleaseFile:
    """A file of a release as a check sees it: `path` inside the release, `size` in bytes, `mode` "0644" or "0755"."""

    path: str
    size: int
    mode: str
    source: Path

    def read_bytes(self) -> bytes:
        """The content."""
        return self.source.read_bytes()

    def read_text(self) -> str:
        """The content as UTF-8 text. Raises UnicodeDecodeError where it is none."""
        return self.source.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Finding:
    """What a check has to say. An error stops the build, a warning is shown."""

    problem: Problem
    is_error: bool

    @classmethod
    def error(cls, message: str, *, hint: str | None = None, location: Location | None = None) -> Finding:
        """`message` says in one line what is wrong, `hint` what to do about it, `location` where."""
        return cls(Problem(message, hint, location), is_error=True)

    @classmethod
    def warning(cls, message: str, *, hint: str | None = None, location: Location | None = None) -> Finding:
        """`message` says in one line what is doubtful, `hint` what to do about it, `location` where."""
        return cls(Problem(message, hint, location), is_error=False)


class HookSpecs:
    """The hooks that plugins may implement."""

    @hookspec
    def hatch_tilebox_check_release(self, manifest: dict[str, Any], files: Sequence[ReleaseFile]) -> Iterable[Finding] | None:
        """What is wrong or doubtful about a release that is about to be written.

        `manifest` is what `.tilebox/release.json` will hold; `files` are all files but the manifest, sorted by path.
        """

    @hookspec(firstresult=True)
    def hatch_tilebox_destination(self, url: str, options: Mapping[str, str]) -> object | None:
        """The `publish.destination.Destination` that a user means by `url`, None where it is not this plugin's.

        `options` are those of `[tool.hatch.publish.tilebox.options]`. A mistake of the user is raised as a PublishError.
        """

    @hookspec(firstresult=True)
    def hatch_tilebox_artifact_transport(self, api_url: str, api_key: str, artifact_url: str) -> object | None:
        """A `publish.artifacts.ArtifactTransport` to bring artifacts to the Tilebox API, None for the one of this package.

        `artifact_url` is the setting of that name, "" where there is none. A file of the project may have chosen it: `api_key` is
        for `api_url` alone.
        """


def plugin_manager() -> pluggy.PluginManager:
    """A manager with our hooks and every plugin that is installed beside us.

    Raises PluginError, naming the plugin, where one cannot be imported or implements a hook that does not exist.
    """
    from importlib.metadata import entry_points

    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(HookSpecs)
    for entry_point in sorted(entry_points(group=GROUP), key=lambda entry_point: entry_point.name):
        _register(manager, entry_point)
    return manager


def _register(manager: pluggy.PluginManager, entry_point: EntryPoint) -> None:
    try:
        manager.register(entry_point.load(), name=entry_point.name)
        manager.check_pending()
    except Exception as error:
        raise PluginError(_broken(entry_point.name, "cannot be loaded", error)) from error


def run_release_checks(
    manifest: dict[str, Any], files: Sequence[ReleaseFile], manager: pluggy.PluginManager | None = None
) -> tuple[Problem, ...]:
    """The warnings of all installed release checks, each beginning with the name of the plugin in brackets.

    Raises PluginError with the errors of all of them together, among them checks that failed to run.
    """
    manager = manager or plugin_manager()
    warnings: list[Problem] = []
    errors: list[Problem] = []
    for name, plugin in manager.list_name_plugin():
        others = [other for _, other in manager.list_name_plugin() if other is not plugin]
        caller = manager.subset_hook_caller("hatch_tilebox_check_release", remove_plugins=others)
        for finding in _findings(name, caller, manifest, files):
            problem = finding.problem
            named = Problem(f"[{name}] {problem.message}", problem.hint, problem.location, problem.details)
            (errors if finding.is_error else warnings).append(named)
    if errors:
        raise PluginError(*errors)
    return tuple(warnings)


def _findings(name: str, caller: pluggy.HookCaller, manifest: dict[str, Any], files: Sequence[ReleaseFile]) -> list[Finding]:
    """What one plugin finds. A check that fails is itself an error: a release must not pass because its rules broke."""
    try:
        results = cast("list[Iterable[object] | None]", caller(manifest=deepcopy(manifest), files=files))
        found = [finding for result in results for finding in result or ()]
    except Exception as error:  # noqa: BLE001 -- other people's code
        return [Finding(_broken(name, "failed", error), is_error=True)]
    return [
        finding if isinstance(finding, Finding) else Finding.error(f"the check yields {finding!r}, which is no Finding")
        for finding in found
    ]


def _broken(name: str, how: str, error: Exception) -> Problem:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f"{frame.filename}:{frame.lineno}\n" for frame in frames)
    details = where + "".join(traceback.format_exception_only(error)).rstrip()
    hint = "fix or uninstall the package that brings it"
    return Problem(f'the plugin "{name}" of the entry-point group {GROUP} {how}', hint, details=details)
