"""`hatch-tilebox check`: check a project without running its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.all_option import ForAll, repository_of
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import format_option, output_options, project_argument
from hatch_tilebox.cli.output import problem_json, show_json, show_line

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.project.check import CheckReport
    from hatch_tilebox.project.fix import Fixed


@click.command(cls=ForAll)
@project_argument
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--fix", is_flag=True, help="Fix what can be fixed, and show the changes.")
@format_option
@output_options
def command(project: Path, *, strict: bool, fix: bool, output: Output) -> None:
    """Check configuration, metadata, lock, files, imports and runner object of the workflow project in the folder PROJECT.

    This runs no code of the project and writes nothing, so it is fast enough for a commit hook. `build` and `verify` check whether
    the worker starts. With --fix, it renames misspelt keys, adds missing patterns to `include`, runs `uv lock` if the lock is
    missing or stale, and sets `package = false` for a project that cannot be installed and need not.

    Example: hatch-tilebox check --strict
    """
    from hatch_tilebox.project.check import check_project
    from hatch_tilebox.project.fix import Fixed, fix_project

    fixed = fix_project(project) if fix else Fixed(check_project(project))
    report = fixed.report
    ok = not report.errors and not (strict and report.warnings)
    if output.as_json:
        _show_json(fixed, ok=ok)
    elif output.form != "text":
        from hatch_tilebox.cli.annotations import show_annotations

        show_annotations(output.form, report.errors, report.warnings)
    if output.form == "text" or (output.as_json and repository_of()):
        _show(fixed, output.verbosity, ok=ok and not output.as_json)
    if not ok:
        raise click.exceptions.Exit(1)
    show_next("check", project=project)


def _show_json(fixed: Fixed, *, ok: bool) -> None:
    report = fixed.report
    result = {
        "ok": ok,
        "errors": [problem_json(problem) for problem in report.errors],
        "warnings": [problem_json(problem) for problem in report.warnings],
        "unseen": list(report.unseen),
        "runners": [installation.to_dict() for installation in report.installations],
        "tasks": [task.to_dict() for task in report.tasks],
        "vendored": [{"name": package.name, "path": package.path} for package in report.vendored],
        "changes": [{"path": change.path, "diff": change.diff} for change in fixed.changes],
    }
    show_json(result)


def _show(fixed: Fixed, verbosity: int, *, ok: bool) -> None:
    from hatch_tilebox.cli.console import show_diff, show_problems
    from hatch_tilebox.cli.safe_console import SafeConsole
    from hatch_tilebox.core.diagnostics import found

    report = fixed.report
    console = SafeConsole(stderr=True)
    for change in fixed.changes:
        show_diff(change.diff, console)
    if fixed.locked:
        console.print("uv.lock was updated with uv lock")
    warnings = report.warnings if verbosity > -2 else []  # noqa: PLR2004 -- as in all commands, -qq hides warnings
    show_problems(warnings, level="warning", console=console)
    if warnings and report.errors:
        console.print()
    show_problems(report.errors, console=console)
    if report.errors or warnings:
        fixable = sum(problem.fix is not None for problem in (*report.errors, *warnings))
        console.print()
        console.show(found(len(report.errors), len(warnings), fixable))
    if ok and verbosity >= 0 and report.files:
        _show_result(report, report.files, each=verbosity > 0)


def _show_result(report: CheckReport, files: FileSet, *, each: bool) -> None:
    from hatch_tilebox.cli.console import show_table
    from hatch_tilebox.core.progress import format_size
    from hatch_tilebox.core.tables import Column
    from hatch_tilebox.project.runner_platforms import summaries

    not_seen = f"; no code was run to compute the {', '.join(report.unseen)}" if report.unseen else ""
    if report.tasks:
        rows = [(*(task.identifier or ("(not a literal)", "")), task.object, f"{task.path}:{task.line}") for task in report.tasks]
        show_table(("Task", "Version", Column("Class", drop=2), Column("Defined at", drop=1)), rows)
    for package in report.vendored:
        show_line(f"{package.name} from {package.path} goes in as a wheel")
    for line in summaries(report.installations, each=each):
        show_line(line)
    show_line(f"ok: {len(files.files)} files, {format_size(files.size)}{not_seen}")
