"""All that can be said about a project without running its code, in one go."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from hatch_tilebox.core.errors import ConfigError, Location, Problem, SelectionError, TileboxError
from hatch_tilebox.core.read_text import UnreadableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.discovery.machine_only import Findings
    from hatch_tilebox.project.runner_platforms import Installation
    from hatch_tilebox.project.workflow_file import WorkflowConfig
    from hatch_tilebox.project.workflow_project import WorkflowProject

    Result = TypeVar("Result")

__all__ = ["CheckReport", "check_project"]


@dataclass
class CheckReport:
    """What a check found. `files` is None where the selection could not be made.

    `unseen` names metadata that only code of the project can compute, such as a version from its build backend. `installations`
    are what release runners install from the lock, one for each platform; empty where that is not known.
    """

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    files: FileSet | None = None
    unseen: tuple[str, ...] = ()
    installations: tuple[Installation, ...] = ()

    def collect(self, step: Callable[[], Result]) -> Result | None:
        """What `step` gives, or None where it finds errors."""
        try:
            return step()
        except TileboxError as error:
            self.errors += [problem for problem in error.problems if problem not in self.errors]
            return None


def check_project(start: Path) -> CheckReport:
    """Check the workflow project that the folder `start` lies in: its configuration, metadata, files and runner object.

    Runs no code of the project, starts nothing and writes nothing. That there is no project is an error in the report, too.
    """
    from hatch_tilebox.project.advice import project_warnings
    from hatch_tilebox.project.find import config_file, find_project
    from hatch_tilebox.project.identity import check_metadata, read_metadata, read_project
    from hatch_tilebox.project.open import build_table
    from hatch_tilebox.project.workflow_file import load_config
    from hatch_tilebox.project.workflow_project import HOOK_TABLE, WorkflowProject

    report = CheckReport()
    root = report.collect(lambda: find_project(start))
    if root is None:
        return report
    metadata = report.collect(lambda: read_metadata(root))
    computed = None if metadata is None else report.collect(lambda: check_metadata(root, metadata))
    if metadata is None or computed is None:
        report.collect(lambda: load_config(config_file(root)))
        return report
    report.unseen = computed
    report.collect(lambda: _check_build_system(metadata, report))
    report.collect(lambda: _check_name(metadata))
    report.collect(lambda: _check_lock(root, metadata))
    table = report.collect(lambda: build_table(metadata))
    project = report.collect(lambda: WorkflowProject(root, lambda: read_project(root, metadata), table or {}, HOOK_TABLE))
    if project is not None:
        report.warnings += project_warnings(project.config, root, metadata.core_raw_metadata.get("requires-python"))
        _check_files(project, report)
        if not report.errors:
            _check_runner_platforms(project, metadata, report)
    return report


def _check_runner_platforms(project: WorkflowProject, metadata: ProjectMetadata[Any], report: CheckReport) -> None:
    """Report what release runners cannot install from the lock, or would have to compile."""
    from hatch_tilebox.discovery.uv import find_uv
    from hatch_tilebox.project.runner_platforms import check_installations, platforms_of, read_installations

    selected = {file.path: file for file in report.files.files} if report.files else {}
    uv = find_uv()
    if uv is None or "uv.lock" not in selected or "pyproject.toml" not in selected:
        return
    pinned = selected[".python-version"].source.read_text("utf-8", "replace") if ".python-version" in selected else None
    chosen = project.options.runners
    platforms = platforms_of(chosen, metadata.core_raw_metadata.get("requires-python"), pinned)
    table = metadata.config.get("tool", {}).get("uv", {})
    report.installations = tuple(read_installations(project.config.root, uv, platforms, table))
    errors, warnings = check_installations(report.installations, chosen=bool(chosen))
    report.errors += errors
    report.warnings += warnings


def _check_files(project: WorkflowProject, report: CheckReport) -> None:
    directory = project.root / "dist"
    files = report.collect(lambda: project.select(directory))
    if files is None:
        return
    report.files = files
    checked = report.collect(lambda: project.check(directory, files))
    report.warnings += files.warnings if checked is None else checked
    findings = _machine_only(files)
    report.errors += findings.errors
    report.warnings += findings.warnings
    report.warnings += [doubt for doubt in _dependency_doubts(files) if doubt not in findings.errors]
    report.collect(lambda: _check_runner(project.config, files, report))
    report.warnings += _unselected_imports(files)
    report.warnings += _shadowed_modules(files)


def _shadowed_modules(files: FileSet) -> list[Problem]:
    from hatch_tilebox.discovery.diagnose.shadowing import shadowing_warnings

    return shadowing_warnings(file.path for file in files.files)


def _machine_only(files: FileSet) -> Findings:
    from hatch_tilebox.discovery.machine_only import machine_only

    return machine_only(files)


def _dependency_doubts(files: FileSet) -> list[Problem]:
    """What uv could not install from the release, or not as it is locked here."""
    from hatch_tilebox.discovery.diagnose.sources import lock_missing, sources_left_out

    locked = any(file.path == "uv.lock" for file in files.files)
    return [*([] if locked else [lock_missing(files)]), *sources_left_out(files).values()]


def _check_runner(config: WorkflowConfig, files: FileSet, report: CheckReport) -> None:
    """Raise SelectionError unless the runner's module, where it is among the files, binds the name of the runner object."""
    if config.workflow.runner is None:
        return
    from hatch_tilebox.project.source_code import bound_names, runner_names
    from hatch_tilebox.project.toml.kinds import close_match

    module, _, target = config.workflow.runner.partition(":")
    name, base = target.partition(".")[0], module.replace(".", "/")
    paths = {f"{folder}{base}{end}" for folder in ("", "src/") for end in (".py", "/__init__.py")}
    file = next((file for file in files.files if file.path in paths), None)
    if file is None:
        return
    try:
        tree = ast.parse(file.source.read_bytes(), file.path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # Not an error for sure: the workflow may run on a newer Python than this one.
        place = Location(file.path, getattr(error, "lineno", None) or 0, getattr(error, "offset", None) or 0)
        report.warnings.append(Problem(f"this Python cannot read it: {getattr(error, 'msg', error)}", location=place))
        return
    bound = bound_names(tree)
    if bound is None or name in bound:
        return
    runners = runner_names(tree)
    meant = runners[0] if len(runners) == 1 else close_match(name, sorted(bound))
    hint = f'did you mean "{module}:{meant}"?' if meant else f"give {file.path} a line like: {name} = Runner(tasks=[…])"
    message = f"workflow.runner: {file.path} has no {name!r} at its top level"
    raise SelectionError(Problem(message, hint, config.location("workflow.runner")))


def _unselected_imports(files: FileSet) -> list[Problem]:
    """Doubts about modules of the project that selected ones import, and that are not selected themselves."""
    from hatch_tilebox.project.source_code import imported_modules

    selected = {file.path for file in files.files}
    missing: dict[str, Problem] = {}
    for file in files.files:
        if not file.path.endswith(".py"):
            continue
        try:
            tree = ast.parse(file.source.read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        source, package = _place(file.path)
        for name, line in imported_modules(tree, package):
            for path in _module_files(files.root, source, name):
                if path not in selected and path not in missing:
                    message = f"{path} is imported here, but is not selected"
                    missing[path] = Problem(message, f'add "{path}" or its folder to [build] include', Location(file.path, line))
    return list(missing.values())


def _place(path: str) -> tuple[str, str]:
    """The folder that imports of a module start from, and the dotted name of its package."""
    source = "src/" if path.startswith("src/") else ""
    return source, path.removeprefix(source).rpartition("/")[0].replace("/", ".")


def _module_files(root: Path, source: str, name: str) -> list[str]:
    """The files of the project that importing a dotted name runs: the module, if it is one, and the packages that it is in."""
    parts = name.split(".")
    bases = [source + "/".join(parts[: depth + 1]) for depth in range(len(parts))]
    candidates = [*(f"{base}/__init__.py" for base in bases), *(f"{base}.py" for base in bases)]
    return [path for path in candidates if (root / path).is_file()]


def _check_lock(root: Path, metadata: ProjectMetadata[Any]) -> None:
    """Raise ConfigError where `uv.lock` cannot fit `pyproject.toml`, as far as a look tells: a build asks uv."""
    from hatch_tilebox.project.uv_lock import lock_fault

    try:
        lock = read_text(root / "uv.lock", allow_mark=True)
    except FileNotFoundError:  # which others report
        return
    except UnreadableTextError as error:
        hint = error.hint or "remove it, then run: uv lock"
        raise ConfigError(Problem(error.reason, hint, Location("uv.lock", error.line, error.column))) from error
    if fault := lock_fault(lock, metadata.core_raw_metadata):
        raise ConfigError(fault)


def _check_name(metadata: ProjectMetadata[Any]) -> None:
    """Raise ConfigError where the project has the name of one of its own dependencies, such as the SDK: uv cannot lock it."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    project = metadata.core_raw_metadata
    for item in project.get("dependencies", []):
        try:
            name = Requirement(item).name
        except InvalidRequirement:  # others report it
            continue
        if canonicalize_name(name) == canonicalize_name(project["name"]):
            message = f"project.name: {project['name']} is also one of its dependencies, so the project depends on itself"
            raise ConfigError(Problem(message, "give the project another name", Location("pyproject.toml")))


def _check_build_system(metadata: ProjectMetadata[Any], report: CheckReport) -> None:
    """Warn where the usual build commands would build no release."""
    from hatch_tilebox.project.identity import HATCHLING, OWN_BACKEND

    backend = metadata.config.get("build-system", {}).get("build-backend")
    config = metadata.hatch.build_config
    hooks = {**config.get("hooks", {}), **metadata.hatch.build_targets.get("wheel", {}).get("hooks", {})}
    if backend == OWN_BACKEND or (backend == HATCHLING and ("tilebox" in hooks or "tilebox" in metadata.hatch.build_targets)):
        return
    message = "uv build, hatch build and pip build no release of this project: it does not ask for hatch-tilebox"
    report.warnings.append(Problem(message, "run: hatch-tilebox adopt", Location("pyproject.toml")))
