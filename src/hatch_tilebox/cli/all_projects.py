"""Run a command on all projects of a repository: `build`, `check`, `verify`, `publish` and `deploy` with `--all`."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli import INTERRUPTED
from hatch_tilebox.cli.all_option import forwarded
from hatch_tilebox.cli.all_output import AllProgress, Outcome, show_outcomes
from hatch_tilebox.cli.console import show_problems
from hatch_tilebox.cli.output import problem_json
from hatch_tilebox.cli.selected_projects import select_projects
from hatch_tilebox.cli.side_by_side import Job, processors, run_jobs
from hatch_tilebox.project.collisions import describe_projects, require_distinct, shared_tasks
from hatch_tilebox.publish.addresses import folder_of, is_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.cli.side_by_side import JobResult
    from hatch_tilebox.project.collisions import ClusterTasks

_TITLES = {"build": "Building", "check": "Checking", "verify": "Verifying", "publish": "Publishing", "deploy": "Deploying"}
_OF_ONE_PROJECT = {"plan": "--plan", "selector": "--release", "workflow": "--workflow"}
_CHECKED = {"HATCH_TILEBOX_PUBLISH_BUILD": "false"}
"""The release was built with the checks."""


def run_for_all(ctx: click.Context, jobs: int | None, *, changed: str | None = None, unpublished: bool = False) -> int:
    """Run the command of `ctx` for each project of a repository, and return the exit code: the worst of all projects.

    `changed` and `unpublished` select some of them, see `select_projects`. What two projects must not share counts for all.
    Raises a `TileboxError` before anything starts if there is no project, or two have the same name or slug.
    """
    options = ctx.params
    for name, option in _OF_ONE_PROJECT.items():
        if options.get(name):
            msg = f"{option} is for one project, and cannot be used with --all"
            raise click.UsageError(msg, ctx)
    if options.get("output_format") in {"github", "gitlab"}:
        msg = "--output-format github and gitlab are for one project, and cannot be used with --all"
        raise click.UsageError(msg, ctx)
    if (to := options.get("to")) and is_folder(to, Path.cwd()):
        options["to"] = str(folder_of(to, Path.cwd()).absolute())
    root = _root(ctx)
    progress = AllProgress(options["verbose"] - options["quiet"])
    with closing(progress.steps):
        found = select_projects(root, changed=changed, unpublished=unpublished, to=options.get("to"), progress=progress.steps)
    every = describe_projects(root, (project.path for project in found.projects))
    require_distinct(every)
    projects = [project for project in every if project.path in found.changed]
    at_once = 1 if options.get("fix") else jobs or processors()
    run = _Run(ctx, root, {project.path: Outcome(project) for project in projects}, progress, at_once)
    if projects and ctx.info_name in {"publish", "deploy"}:
        run.send()
    elif projects:
        run.phase(run.title, run.options)
    outcomes = list(run.outcomes.values())
    show_outcomes(outcomes, as_json=options["as_json"] or options.get("output_format") == "json")
    return INTERRUPTED if run.interrupted else max((outcome.exit_code for outcome in outcomes), default=0)


def _root(ctx: click.Context) -> Path:
    """Return the folder of the repository: the argument of the command, by default the current folder."""
    argument = next(param for param in ctx.command.params if isinstance(param, click.Argument))
    root = Path(ctx.params.get(argument.name or "") or ".")
    if not root.is_dir():
        msg = f"with --all, {argument.make_metavar(ctx).strip('[]')} is the folder of a repository, and {str(root)!r} is none"
        raise click.UsageError(msg, ctx)
    return root.resolve()


class _Run:
    """A run of a command for all projects. `outcomes` are its results by project, `interrupted` is whether Ctrl-C ended it."""

    def __init__(self, ctx: click.Context, root: Path, outcomes: dict[Path, Outcome], progress: AllProgress, at_once: int) -> None:
        self._name, self._root, self._progress, self._at_once = str(ctx.info_name), root, progress, at_once
        self.title = _TITLES[self._name]
        self.options = forwarded(ctx, {"latest", "dry_run"})
        self._to_send = forwarded(ctx, {"latest", "build", "verify"})
        self._dry_run = bool(ctx.params.get("dry_run"))
        self.outcomes = outcomes
        self.interrupted = False

    def send(self) -> None:
        """Check all projects without changing anything. If all checks pass, publish or deploy one project after the other."""
        latest = ["--latest"] if self._name == "deploy" else []
        checked = self.phase("Checking", [*self.options, *latest, "--dry-run"]) and self._tasks_differ()
        if self._dry_run:
            return
        reports = {path: outcome.report or {} for path, outcome in self.outcomes.items()}
        for path, outcome in self.outcomes.items():
            if outcome.result == "succeeded":
                self.outcomes[path] = replace(outcome, result="not-tried", report=None)  # nothing was sent yet
        if checked:
            # What was checked, once.
            of_project = {path: ["--release", report["release"]] if latest else ["--no-verify"] for path, report in reports.items()}
            self.phase(self.title, self._to_send, of_project)

    def phase(self, title: str, options: list[str], checked: Mapping[Path, list[str]] | None = None) -> bool:
        """Run the command for all projects, and return whether it succeeded for all.

        `checked` has more options for each project, after its checks. Then one runs after the other, until one fails.
        """
        again = checked is not None
        more = checked or {}
        environment = {**self._progress.environment(), **(_CHECKED if again else {})}
        output = self._progress.arguments(silent=again)
        jobs = [Job(path, self._root, (self._name, *options, *more.get(path, []), *output), environment) for path in self.outcomes]

        def ended(job: Job, result: JobResult) -> None:
            self.outcomes[job.project] = outcome = self.outcomes[job.project].after(result)
            self._progress.ended(outcome, result.seconds, result.text)

        with self._progress.phase(title, len(jobs)):
            complete = run_jobs(
                jobs,
                1 if again else self._at_once,
                changed=lambda running: self._progress.running([self.outcomes[job.project].project.name for job in running]),
                ended=ended,
                until_failure=again,
            )
        self.interrupted = not complete
        return all(outcome.result == "succeeded" for outcome in self.outcomes.values())

    def _tasks_differ(self) -> bool:
        """Whether no two projects bring the same task to one cluster. Those that do have failed."""
        found = shared_tasks({outcome.project.name: _cluster_tasks(outcome) for outcome in self.outcomes.values()})
        show_problems((problem for problem, _ in found), console=self._progress.console)
        for path, outcome in self.outcomes.items():
            if errors := [problem_json(problem) for problem, names in found if outcome.project.name in names]:
                self.outcomes[path] = replace(outcome, result="failed", exit_code=1, errors=tuple(errors))
        return not found


def _cluster_tasks(outcome: Outcome) -> ClusterTasks:
    """Return what a project would bring to clusters, from the report of `publish --deploy` or of `deploy`."""
    report = outcome.report or {}
    if deployment := report.get("deployment"):
        tasks = frozenset((task["name"], task["version"]) for task in report["tasks"])
        return dict.fromkeys(deployment["clusters"], tasks)
    return {each["cluster"]: _new_tasks(each["tasks"]) for each in report.get("clusters") or ()}


def _new_tasks(planned: list[Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((task["name"], task["new"]) for task in planned if task["new"])
