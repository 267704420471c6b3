"""`hatch-tilebox check`: check a project without running its code."""

from __future__ import annotations

from pathlib import Path

import click

from hatch_tilebox.cli.output import output_options, problem_json, show_json, show_line


@click.command(short_help="Check a project without running its code")
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@output_options
@click.pass_context
def command(ctx: click.Context, project: Path, *, strict: bool, as_json: bool, quiet: int, verbose: int) -> None:
    """Check configuration, metadata, lock, files, imports and runner object of the workflow project in the folder PROJECT.

    This runs no code of the project and writes nothing, so it is fast enough for a commit hook. `build` and `verify` check whether
    the worker starts.

    Example: hatch-tilebox check --strict
    """
    from hatch_tilebox.core.progress import format_size
    from hatch_tilebox.project.check import check_project
    from hatch_tilebox.project.runner_platforms import summaries

    report = check_project(project)
    ok = not report.errors and not (strict and report.warnings)
    if as_json:
        errors, warnings = ([problem_json(problem) for problem in found] for found in (report.errors, report.warnings))
        runners = [installation.to_dict() for installation in report.installations]
        tasks = [task.to_dict() for task in report.tasks]
        vendored = [{"name": package.name, "path": package.path} for package in report.vendored]
        found = {"errors": errors, "warnings": warnings, "unseen": list(report.unseen)}
        show_json({"ok": ok, **found, "runners": runners, "tasks": tasks, "vendored": vendored})
    else:
        if report.errors or report.warnings:
            from hatch_tilebox.cli.console import RichProgress, show_problems

            progress = RichProgress(verbose - quiet)
            for problem in report.warnings:
                progress.warning(problem)
            show_problems(report.errors)
        if ok and quiet <= verbose and report.files:
            not_seen = f"; no code was run to compute the {', '.join(report.unseen)}" if report.unseen else ""
            for task in report.tasks:
                identifier = " ".join(task.identifier) if task.identifier else "its identifier is not a literal"
                show_line(f"task {task.object}  {identifier}  {task.path}:{task.line}")
            for package in report.vendored:
                show_line(f"{package.name} from {package.path} goes in as a wheel")
            for line in summaries(report.installations, each=verbose > quiet):
                show_line(line)
            show_line(f"ok: {len(report.files.files)} files, {format_size(report.files.size)}{not_seen}")
    if not ok:
        ctx.exit(1)
