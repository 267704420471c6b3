"""`hatch-tilebox verify`: check that a release is complete and starts."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import click

from hatch_tilebox.cli.all_option import ForAll, repository_of
from hatch_tilebox.cli.console import RichProgress, show_problems
from hatch_tilebox.cli.output import env_option, output_options, problem_json, show_json, show_line
from hatch_tilebox.cli.release_argument import named_or_project


@click.command(cls=ForAll, short_help="Check that a release is complete and starts")
@click.argument("file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--no-run", is_flag=True, help="Only check the file; do not unpack it and start its worker.")
@click.option(
    "--offline-start", is_flag=True, help="Start the worker without network, after its environment is installed. Linux only."
)
@click.option("--runner", is_flag=True, help="Start it on each Python of the official runner image that this machine has.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, help="Seconds to start.  [default: 120]")
@env_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    file: Path | None,
    *,
    no_run: bool,
    offline_start: bool,
    runner: bool,
    timeout: float,
    env: tuple[str, ...],
    as_json: bool,
    quiet: int,
    verbose: int,
) -> None:
    """Check all of FILE, then unpack it and start its worker as a release runner does.

    Without FILE, the release of the project in the current folder, built if it is out of date.

    The worker must register the tasks that the release names, without files of this machine: its home folder is empty, and the
    project is not at hand. This runs the code in FILE.

    Example: hatch-tilebox verify dist/scene_qa-1.2.0.tbrelease
    """
    from hatch_tilebox.pipeline.verify import verify_release
    from hatch_tilebox.project.build_options import variables_passed

    release = _release(ctx, file)
    variables = (*variables_passed(os.environ), *env)

    with closing(RichProgress(verbose - quiet)) as progress:
        path = named_or_project(release, progress, variables)
        result = verify_release(
            path, run=not no_run, offline=offline_start, runner=runner, timeout=timeout, variables=variables, progress=progress
        )
        if not as_json:
            rows = [(name, version) for name, version in result.tasks]
            progress.table(("Task", "Version"), rows) if rows else None
    if as_json:
        tasks = [{"name": name, "version": version} for name, version in result.tasks]
        problems = [problem_json(problem) for problem in result.problems]
        show_json({"ok": result.ok, "tasks": tasks, "problems": problems})
    if not as_json or repository_of():
        show_problems(result.problems)
    if not result.ok:
        ctx.exit(1)
    if not as_json and result.artifact:
        show_line(f"{path}: ok, sha256:{result.artifact.sha256}")


def _release(ctx: click.Context, file: Path | None) -> Path | None:
    """Return the release to verify: None for that of the current folder. With `--all`, it is the current one there."""
    if repository := repository_of():
        from hatch_tilebox.project.releases import current_release

        return current_release(Path.cwd(), repository)
    if file is not None and file.is_dir():
        msg = f"File {str(file)!r} is a directory."
        raise click.BadParameter(msg, ctx, ctx.command.params[0], param_hint="'FILE'")
    return file
