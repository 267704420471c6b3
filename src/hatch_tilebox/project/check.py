"""Everything that can be checked about a project without running its code."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from hatch_tilebox.core.constants import CONFIG_NAME, LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Fix, Location, Problem, SelectionError, TileboxError
from hatch_tilebox.core.modules import module_files
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.core.runner_image import pin_of
from hatch_tilebox.core.suggestions import close_match
from hatch_tilebox.core.uv_lock import selected_lock
from hatch_tilebox.discovery.diagnose.shadowing import shadowing_warnings
from hatch_tilebox.discovery.diagnose.sources import lock_missing, sources_left_out
from hatch_tilebox.discovery.portability import check_portability
from hatch_tilebox.discovery.uv import find_uv
from hatch_tilebox.project.adopt.build_system import builds_release, reasons_to_keep
from hatch_tilebox.project.advice import project_warnings
from hatch_tilebox.project.find import config_file, find_pyproject
from hatch_tilebox.project.lock_check import check_lock
from hatch_tilebox.project.metadata import HATCHLING, check_metadata, has_wheel_files, is_built_by_hatchling, read_project
from hatch_tilebox.project.open import load_project
from hatch_tilebox.project.pyproject import check_pyproject
from hatch_tilebox.project.runner_import import runner_import
from hatch_tilebox.project.runner_platforms import check_installations, platforms_of, read_installations
from hatch_tilebox.project.schema_copy import schema_copy_warnings
from hatch_tilebox.project.source_code import bound_names, runner_lines
from hatch_tilebox.project.source_tasks import SourceTask, source_tasks
from hatch_tilebox.project.source_tree import SourceTree
from hatch_tilebox.project.vendor.local_packages import local_sources
from hatch_tilebox.project.workflow_file import load_config
from hatch_tilebox.selection.explain import explain_release
from hatch_tilebox.selection.patterns.globs import escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.project.runner_import import RunnerImport
    from hatch_tilebox.project.runner_platforms import Installation
    from hatch_tilebox.project.vendor.local_packages import LocalPackage, LocalSources
    from hatch_tilebox.project.workflow_project import WorkflowProject

    Result = TypeVar("Result")


@dataclass
class CheckReport:
    """The result of a check. `files` is None if they could not be selected.

    `unseen` names metadata that only code of the project can compute, such as a version from its build backend. `installations`
    are what release runners install from the lock, one for each platform, if that is known. `tasks` are the task classes that the
    runner's module and its imports define, read without running them. `sources` is what the option `vendor` puts into the release,
    None without it.
    """

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    files: FileSet | None = None
    unseen: tuple[str, ...] = ()
    installations: tuple[Installation, ...] = ()
    tasks: tuple[SourceTask, ...] = ()
    sources: LocalSources | None = None

    @property
    def vendored(self) -> tuple[LocalPackage, ...]:
        """Packages that a build puts into the release as wheels."""
        return self.sources.packages if self.sources else ()

    def collect(self, step: Callable[[], Result]) -> Result | None:
        """Return the result of `step`, or None if it raises errors, which are added to the report."""
        try:
            return step()
        except TileboxError as error:
            self.errors += [problem for problem in error.problems if problem not in self.errors]
            return None


def check_project(start: Path) -> CheckReport:
    """Check the workflow project in the folder `start` or above it: configuration, metadata, lock, files and runner object.

    Runs no code of the project and writes nothing. A missing project is an error in the report too.
    """
    report = CheckReport()
    found = report.collect(lambda: find_pyproject(start))
    if found is None:
        return report
    pyproject = report.collect(lambda: check_pyproject(found))
    unseen = None if pyproject is None else report.collect(lambda: check_metadata(pyproject))
    if pyproject is None or unseen is None:
        report.collect(lambda: load_config(config_file(found)))
        return report
    report.unseen = unseen
    report.collect(lambda: _check_name(pyproject))
    report.collect(lambda: check_lock(pyproject))
    project = report.collect(lambda: load_project(pyproject, lambda: read_project(pyproject)))
    if project is not None:
        _check_build_system(pyproject, project.config, report)
        report.warnings += project_warnings(project.config, pyproject, pyproject.table("project").get("requires-python"))
        report.warnings += schema_copy_warnings(project.config)
        _check_installation(project, report)
        _check_files(project, report)
        if not report.errors:
            _check_runner_platforms(project, report)
    return report


def _check_runner_platforms(project: WorkflowProject, report: CheckReport) -> None:
    """Report what release runners cannot install from the lock, or would have to compile."""
    uv, sources, files = find_uv(), report.sources, report.files
    if uv is None or files is None or (sources is None and not {LOCK_NAME, PYPROJECT_NAME} <= files.paths):
        return
    chosen = project.options.runners
    configuration, allowed, lock_root = project.pyproject, project.pyproject.table("project").get("requires-python"), None
    if sources and sources.lock_root != sources.root:  # the settings of the workspace count, and the Pythons of all its members
        configuration, allowed, lock_root = peek_pyproject(sources.lock_root), sources.requires_python, sources.lock_root
    platforms, table = platforms_of(chosen, allowed, pin_of(files)), configuration.table("tool", "uv")
    report.installations = tuple(read_installations(project.config.root, uv, platforms, table, lock_root=lock_root))
    errors, warnings = check_installations(report.installations, chosen=bool(chosen))
    report.errors += errors
    report.warnings += warnings


def _check_files(project: WorkflowProject, report: CheckReport) -> None:
    files = report.collect(project.select)
    if files is None:
        return
    report.files = files
    checked = report.collect(lambda: project.check(files))
    report.warnings += files.warnings if checked is None else checked
    sources = report.collect(lambda: local_sources(files.root)) if project.options.vendor else None
    if sources is None:
        portability = check_portability(files, selected_lock(files))
        report.errors += portability.errors
        report.warnings += portability.warnings
        # Dependencies that uv cannot install from the release, or not in the versions of the lock.
        unlocked = [] if LOCK_NAME in files.paths else [lock_missing(files)]
        found = [*unlocked, *sources_left_out(files).values()]
        report.warnings += [warning for warning in found if warning not in portability.errors]
    else:  # a build checks the lock that it makes
        report.sources = sources
    report.collect(lambda: _check_runner(project.config, files, report))
    tree = SourceTree(files.root)
    report.tasks = source_tasks(tree, project.config)
    report.warnings += _unselected_imports(tree, files, project.config)
    report.warnings += shadowing_warnings(file.path for file in files.files)


def _check_runner(config: WorkflowConfig, files: FileSet, report: CheckReport) -> None:
    """Raise SelectionError if the runner's module is one of the files and does not bind the name of the runner object."""
    if config.workflow.runner is None:
        return
    module, _, target = config.workflow.runner.partition(":")
    name, paths = target.partition(".")[0], module_files(module)
    file = next((file for file in files.files if file.path in paths), None)
    if file is None:
        return
    try:
        tree = ast.parse(file.source.read_bytes(), file.path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # Maybe not an error: the workflow may run on a newer Python than this one.
        place = Location(file.path, getattr(error, "lineno", None) or 0, getattr(error, "offset", None) or 0)
        report.warnings.append(
            Problem(f"this Python cannot read it: {getattr(error, 'msg', error)}", location=place, code="TBX121")
        )
        return
    bound = bound_names(tree)
    if bound is None or name in bound:
        return
    runners = [*runner_lines(tree)]
    meant = runners[0] if len(runners) == 1 else close_match(name, sorted(bound))
    hint = f'did you mean "{module}:{meant}"?' if meant else f"give {file.path} a line like: {name} = Runner(tasks=[…])"
    message = f"workflow.runner: {file.path} has no {name!r} at its top level"
    raise SelectionError(Problem(message, hint, config.location("workflow.runner"), code="TBX304"))


def _unselected_imports(tree: SourceTree, files: FileSet, config: WorkflowConfig) -> list[Problem]:
    """Return warnings about modules of the project that selected ones import, but that are not selected themselves."""
    selected, missing = files.paths, dict[str, Problem]()
    for path in (file.path for file in files.files if file.path.endswith(".py")):
        for item in tree.imports(path):
            if item.path not in selected and item.path not in missing:
                message = f"{item.path} is imported here, but is not selected"
                hint = f'add "{item.path}" or its folder to [build] include in {CONFIG_NAME}'
                pattern = escape(item.path)
                fix = Fix.include(pattern) if explain_release(config, item.path, pattern=pattern).selected else None
                missing[item.path] = Problem(message, hint, Location(path, item.line), code="TBX105", fix=fix)
    return list(missing.values())


def _check_name(pyproject: Pyproject) -> None:
    """Raise ConfigError if the project has the name of one of its dependencies, such as the SDK: uv cannot lock it."""
    if pyproject.name in pyproject.dependency_names:
        name = pyproject.table("project")["name"]
        message = f"project.name: {name} is also one of its dependencies, so the project depends on itself"
        raise ConfigError(Problem(message, "give the project another name", Location(PYPROJECT_NAME), code="TBX020"))


def _check_installation(project: WorkflowProject, report: CheckReport) -> None:
    """Report a project that release runners cannot install, and need not: hatchling finds no files for its wheel."""
    pyproject = project.pyproject
    if not pyproject.packaged or "package" in pyproject.table("tool", "uv") or not is_built_by_hatchling(pyproject.values):
        return
    hooks = {*pyproject.hatch_table("build", "hooks"), *pyproject.hatch_table("build", "targets", "wheel", "hooks")}
    if hooks - {"tilebox"}:  # they may add files
        return
    imported = _runner_import(pyproject, project.config)
    if imported.source != "folder" or has_wheel_files(pyproject.root, pyproject.values):
        return
    message = "release runners install the project because it has a build system, and hatchling finds no files for its wheel"
    hint = f"set package = false under [tool.uv] in {PYPROJECT_NAME}: {imported.reason}, which needs no installation"
    fix = Fix("set", PYPROJECT_NAME, ("tool", "uv", "package"), value=False)
    report.errors.append(Problem(message, hint, pyproject.location("build-system"), code="TBX213", fix=fix))


def _runner_import(pyproject: Pyproject, config: WorkflowConfig) -> RunnerImport:
    return runner_import(SourceTree(config.root), pyproject.name, config.workflow.runner, config.workflow.command)


def _check_build_system(pyproject: Pyproject, config: WorkflowConfig, report: CheckReport) -> None:
    """Warn if the usual build commands do not build a release, and `adopt` can change that."""
    if builds_release(pyproject) or reasons_to_keep(pyproject.root, pyproject.values):
        return
    built_by_others = pyproject.table("build-system").get("build-backend", HATCHLING) != HATCHLING
    if built_by_others and _runner_import(pyproject, config).source != "folder":
        return
    message = "uv build, hatch build and pip build no release of this project: it does not ask for hatch-tilebox"
    report.warnings.append(Problem(message, "run: hatch-tilebox adopt", Location(PYPROJECT_NAME), code="TBX021"))
