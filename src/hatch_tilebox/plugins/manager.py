"""Find installed plugins, and run their release checks."""

from __future__ import annotations

import traceback
from copy import deepcopy
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, cast

import pluggy

from hatch_tilebox.core.constants import PLUGIN_GROUP
from hatch_tilebox.core.errors import PluginError, Problem
from hatch_tilebox.plugins.findings import Finding
from hatch_tilebox.plugins.hookspecs import HookSpecs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.metadata import EntryPoint

    from hatch_tilebox.plugins.findings import ReleaseFile


def plugin_manager() -> pluggy.PluginManager:
    """Return a manager with the hooks of this package and all installed plugins.

    Raises PluginError, with the name of the plugin, if one cannot be imported or implements a hook that does not exist.
    """
    manager = pluggy.PluginManager(PLUGIN_GROUP)
    manager.add_hookspecs(HookSpecs)
    for entry_point in sorted(entry_points(group=PLUGIN_GROUP), key=lambda entry_point: entry_point.name):
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
    """Run the release checks of all plugins and return their warnings, each with the name of its plugin in brackets.

    Raises PluginError with the errors of all plugins together, including checks that failed to run.
    """
    manager = manager or plugin_manager()
    warnings: list[Problem] = []
    errors: list[Problem] = []
    for name, plugin in manager.list_name_plugin():
        others = [other for _, other in manager.list_name_plugin() if other is not plugin]
        caller = manager.subset_hook_caller("hatch_tilebox_check_release", remove_plugins=others)
        for finding in _findings(name, caller, manifest, files):
            problem = finding.problem
            code = problem.code if problem.code == PluginError.code else "TBX701"
            named = problem._replace(message=f"[{name}] {problem.message}", code=code)
            (errors if finding.is_error else warnings).append(named)
    if errors:
        raise PluginError(*errors)
    return tuple(warnings)


def _findings(name: str, caller: pluggy.HookCaller, manifest: dict[str, Any], files: Sequence[ReleaseFile]) -> list[Finding]:
    """Return the findings of one plugin. A check that raises is an error: a broken rule must not let a release pass."""
    try:
        results = cast("list[Iterable[object] | None]", caller(manifest=deepcopy(manifest), files=files))
        found = [finding for result in results for finding in result or ()]
    except Exception as error:  # noqa: BLE001 -- code of a plugin
        return [Finding(_broken(name, "failed", error), is_error=True)]
    return [
        finding if isinstance(finding, Finding) else Finding.error(f"the check returned {finding!r}, which is not a Finding")
        for finding in found
    ]


def _broken(name: str, how: str, error: Exception) -> Problem:
    frames = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f"{frame.filename}:{frame.lineno}\n" for frame in frames)
    details = where + "".join(traceback.format_exception_only(error)).rstrip()
    hint = "fix or uninstall the package that brings it"
    return Problem(f'the plugin "{name}" of the entry-point group {PLUGIN_GROUP} {how}', hint, details=details, code="TBX700")
