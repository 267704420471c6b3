"""`hatch-tilebox run`: execute a task of a release on this machine."""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from hatch_tilebox.cli.console import RichProgress, show_problems
from hatch_tilebox.cli.current_project import named_or_project
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import cold_option, env_option, output_options, refuse_combination, timeout_option
from hatch_tilebox.cli.output import show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.local_run.execution import RunResult, Watcher
    from hatch_tilebox.local_run.job import LocalTask
    from hatch_tilebox.local_run.telemetry import LogRecord, Span


@click.command()
@click.argument("words", metavar="[FILE] [TASK] [FIELD=VALUE]...", nargs=-1)
@click.option("--task", metavar="NAME[@VERSION]", help="The task, as TASK.  [default: the only task]")
@click.option("--input", "text", metavar="JSON", help="Its input; - is standard input. Text that is not JSON is a string.")
@click.option("--input-file", metavar="PATH", type=click.File("rb"), help="A file with its input; - is standard input.")
@click.option("--trigger-time", metavar="TIME", help="The time at which a cron task is triggered.  [default: now]")
@click.option("--object", "object_path", metavar="PATH", help="The object whose storage event triggers an automation task.")
@click.option("--location", metavar="FOLDER", help="Its location: a folder, gs://BUCKET or s3://BUCKET.  [default: this folder]")
@click.option("--event", type=click.Choice(["created"]), help="What happened to the object.  [default: created]")
@click.option("--follow", is_flag=True, help="Execute the subtasks too, in dependency order.")
@click.option("--watch", is_flag=True, help="Run again after each edit, until Ctrl-C.")
@cold_option
@timeout_option
@env_option
@output_options
def command(words: tuple[str, ...], *, task: str | None, follow: bool, output: Output, **options: Any) -> None:
    """Start the worker of FILE as a release runner would, and execute TASK, without a Tilebox account.

    FILE is by default the release of the project in this folder, built if it is out of date. TASK is a part of a task's name,
    by default the only task. FIELD=VALUE is a field of its input, typed by the schema.

    Logs are shown live. -v shows debug logs too. This runs the code in FILE.

    Example: hatch-tilebox run dist/scene_qa-1.2.0.tbrelease --task Classify --input '{"histogram": {"cloud": 3}}'
    """
    from hatch_tilebox.cli.run_display import JobDisplay, show_job
    from hatch_tilebox.cli.safe_console import SafeConsole
    from hatch_tilebox.local_run.execution import TaskCall, run_task
    from hatch_tilebox.local_run.session import StartOptions
    from hatch_tilebox.local_run.triggers import Trigger
    from hatch_tilebox.project.build_options import options_without_project

    defaults = options_without_project()
    variables = (*defaults.pass_environment, *options["env"])
    file, named, fields = _parse_words(words)
    if named is not None and task is not None:
        msg = f"the task is named twice: {named!r} and --task {task!r}"
        raise click.UsageError(msg)
    verbosity = output.verbosity
    cold = options["cold"] or not defaults.cache
    call = TaskCall(
        named or task,
        _given(options["text"], options["input_file"], fields),
        follow,
        StartOptions(options["timeout"], variables, debug=output.everything, cold=cold),
        Trigger(options["trigger_time"], options["object_path"], options["location"], options["event"]),
    )
    console = SafeConsole(stderr=True)

    def show(execute: Callable[[Progress, Watcher], RunResult]) -> bool:
        """Call `execute` and print its result. Returns whether the job has no problems."""
        with closing(RichProgress(verbosity, console)) as progress, closing(JobDisplay(verbosity, console)) as display:
            result = execute(progress, display)
            display.close()
            for problem in result.warnings:
                progress.warning(problem)
        if output.as_json:
            show_json({"state": result.state, "tasks": _tasks_json(result)})
        else:
            show_job(result, everything=output.everything)
        show_problems(result.problems)
        return not result.problems

    if options["watch"]:
        if file is not None:
            msg = f"--watch runs the project, which {file.name!r} cannot follow; leave out one of the two"
            raise click.UsageError(msg)
        if output.as_json:
            refuse_combination("--watch", "--json")
        from hatch_tilebox.cli.watching import TaskLoop
        from hatch_tilebox.project.find import find_project

        with (
            closing(RichProgress(verbosity, console)) as progress,
            closing(RichProgress(min(verbosity, 0) - 1, console)) as quietly,
        ):
            TaskLoop(find_project(Path.cwd()), call, variables, show, progress, quietly).run()
    elif not show(lambda progress, watcher: run_task(named_or_project(file, progress, variables), call, progress, watcher)):
        raise click.exceptions.Exit(1)
    show_next("run", file=file)


def _parse_words(words: Sequence[str]) -> tuple[Path | None, str | None, tuple[str, ...]]:
    """Return the file, the task and the fields among the arguments."""
    from hatch_tilebox.core.constants import RELEASE_SUFFIX

    files = [word for word in words if word.endswith(RELEASE_SUFFIX) and ("=" not in word or Path(word).is_file())]
    if words and Path(words[0]).is_file():
        files.insert(0, words[0])
    if files and not Path(files[0]).is_file():
        msg = f"the file {files[0]!r} does not exist"
        raise click.UsageError(msg)
    others = list(words)
    for word in files[:1]:
        others.remove(word)
    tasks = [word for word in others if "=" not in word]
    if len(tasks) > 1:
        msg = f"{tasks[1]!r} is not FIELD=VALUE, and the task is {tasks[0]!r}"
        raise click.UsageError(msg)
    return Path(files[0]) if files else None, tasks[0] if tasks else None, tuple(word for word in others if "=" in word)


def _given(text: str | None, file: BinaryIO | None, fields: tuple[str, ...]) -> bytes | tuple[str, ...] | None:
    """Return the input that the user gives, None for no input."""
    if text is not None and file is not None:
        refuse_combination("--input", "--input-file")
    if fields and (text is not None or file is not None):
        msg = f"{fields[0]!r} cannot be used together with --input or --input-file"
        raise click.UsageError(msg)
    if text == "-":
        return sys.stdin.buffer.read()
    if file is not None:
        return file.read()
    # `encode_input` refuses what is not UTF-8.
    return fields or (None if text is None else text.encode(errors="surrogatepass"))


def _tasks_json(result: RunResult) -> list[dict[str, Any]]:
    """Return the tasks as JSON values. The times of spans are seconds since the start of the first span."""
    zero = min((span.start for span in result.spans), default=0)
    spans: defaultdict[str | None, list[Span]] = defaultdict(list)
    for span in result.spans:
        spans[span.task].append(span)
    logs: defaultdict[str | None, list[LogRecord]] = defaultdict(list)
    for record in result.logs:
        logs[record.task].append(record)
    return [_task_json(task, spans[str(task.id)], logs[str(task.id)], zero) for task in result.tasks]


def _task_json(task: LocalTask, spans: Sequence[Span], logs: Sequence[LogRecord], zero: int) -> dict[str, Any]:
    from hatch_tilebox.local_run.submissions import show_input

    return {
        "id": str(task.id),
        "name": task.name,
        "version": task.version,
        "display": task.display,
        "state": task.state,
        "parent": str(task.parent.id) if task.parent else None,
        "depends_on": [str(other.id) for other in task.depends_on],
        "input": show_input(task.input),
        "attempts": task.attempts,
        "seconds": round(task.seconds, 6),
        "error": task.error,
        "stacktrace": next((span.stacktrace for span in reversed(spans) if span.stacktrace), None),
        "progress": [{"label": label, "done": done, "total": total} for label, done, total in task.progress],
        "logs": [{"level": record.level, "message": record.message, "attributes": dict(record.attributes)} for record in logs],
        "spans": [
            {"name": span.name, "start": (span.start - zero) / 1e9, "end": (span.end - zero) / 1e9, "error": span.error}
            for span in spans
        ],
    }
