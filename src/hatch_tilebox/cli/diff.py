"""`hatch-tilebox diff`: compare two releases."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.current_project import named_or_project, open_here, require_workflow
from hatch_tilebox.cli.options import FILE, output_options
from hatch_tilebox.cli.output import show_json
from hatch_tilebox.compatibility.releases import change_kind, describe_verdict
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.text import Text

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.cli.safe_console import SafeConsole
    from hatch_tilebox.compatibility.archives import Difference
    from hatch_tilebox.compatibility.releases import FileChange, TaskChange
    from hatch_tilebox.core.progress import Progress

    Parts = list[str | tuple[str, str] | Text]
    """A line, as texts of which some have a style."""

_INCOMPATIBLE = 3
_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_KINDS = {
    "unchanged": ("=", "dim"),
    "added": ("+", "green"),
    "compatible": ("~", "green"),
    "undecided": ("?", "red"),
    "breaking": ("!", "red"),
}
_SOURCES = {"sbom": "from the SBOMs", "lock": f"from {LOCK_NAME}", None: "unknown"}
_LINES = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("old", type=FILE, required=False)
@click.argument("new", type=FILE, required=False)
@click.option("--text", is_flag=True, help="Show the changed lines of text files; those of uv.lock only with -v.")
@output_options
def command(old: Path | None, new: Path | None, *, text: bool, output: Output) -> None:
    """Show which tasks, files and dependencies changed from OLD to NEW, and whether jobs of OLD still run on NEW.

    The exit code is 3 if a task of NEW breaks jobs of OLD without a new major version: it rejects input it used to accept, or its
    version is lower. A removed task or a new major version breaks jobs too, but on purpose, and the exit code is 0.

    Without NEW, it is the project in the current folder, built if it is out of date. Without OLD, it is the latest release at the
    project's destination.

    Example: hatch-tilebox diff dist/scene_qa-1.2.0.tbrelease dist/scene_qa-1.3.0.tbrelease
    """
    from hatch_tilebox.compatibility.archives import compare_archives

    with output.progress() as progress, ExitStack() as stack:
        new = named_or_project(new, progress)
        old = old or stack.enter_context(_latest_published(progress))
        difference = compare_archives(old, new, texts=text, progress=progress)
        for warning in difference.warnings:
            progress.warning(warning)
    if output.as_json:
        show_json(_to_json(difference))
    else:
        _show(difference, everything=output.everything)
    if difference.comparison.undeclared:
        raise click.exceptions.Exit(_INCOMPATIBLE)


@contextmanager
def _latest_published(progress: Progress) -> Iterator[Path]:
    """Fetch the latest release of this project from its destination, into a folder that is removed again."""
    from hatch_tilebox.core.temporary import temporary_folder
    from hatch_tilebox.publish.attachments import fetch_documents
    from hatch_tilebox.publish.fetch import fetch_release, select_published

    with temporary_folder() as folder, open_here(None, progress) as destination:
        release = select_published(destination, require_workflow(None), None)
        local = fetch_release(destination, release, folder, progress=progress)
        fetch_documents(destination, release, local, progress)
        yield local.artifact.path


def _to_json(difference: Difference) -> dict[str, Any]:
    comparison = difference.comparison
    packages = difference.packages
    return {
        "verdict": comparison.verdict,
        "tasks": [
            {
                "name": change.name,
                "kind": change.kind,
                "old": change.old.version if change.old else None,
                "new": change.new.version if change.new else None,
                "reasons": change.reasons,
                "doubts": change.not_compared,
                "needs": change.needs,
                "violation": change.violation,
            }
            for change in comparison.tasks
        ],
        "files": [
            {**change.to_dict(), **({"diff": difference.texts[change.path] or None} if difference.texts else {})}
            for change in comparison.files
        ],
        "dependencies": None if packages is None else [{"name": item.name, "old": item.old, "new": item.new} for item in packages],
        "dependencies_from": difference.packages_from,
    }


def _show(difference: Difference, *, everything: bool) -> None:
    from hatch_tilebox.cli.safe_console import SafeConsole
    from hatch_tilebox.report.changes import describe_facts

    console = SafeConsole()
    old, new = (f"{manifest.project.name} {manifest.project.version}" for manifest in (difference.old, difference.new))
    console.show((f"{old} -> {new}", "bold"))
    after = describe_facts(difference.new)
    for title, value in describe_facts(difference.old).items():
        if value != after[title]:
            console.show(f"  {title}: {value} -> {after[title]}")
    tasks = [change for change in difference.comparison.tasks if everything or change.kind != "unchanged"]
    same = len(difference.comparison.tasks) - len(tasks)
    _section(console, f"Tasks{f' ({same} unchanged)' if same else ''}", [line for task in tasks for line in _task_lines(task)])
    files = difference.comparison.files
    _section(console, "Files", [line for change in files for line in _file_lines(change, difference, everything=everything)])
    packages = [(item.name, ", ".join(item.old), ", ".join(item.new)) for item in difference.packages or ()]
    lines = [_line(change_kind(old, new), name, _step(old, new)) for name, old, new in packages]
    _section(console, f"Dependencies ({_SOURCES[difference.packages_from]})", lines)
    style = {"identical": "green", "compatible": "green", "breaking": "bold red"}[difference.comparison.verdict]
    console.print()
    console.show((describe_verdict(difference.comparison), style))


def _section(console: SafeConsole, title: str, lines: Sequence[Parts]) -> None:
    console.print()
    console.show((title, "bold"))
    for line in lines or [[("  no changes", "dim")]]:
        console.show(*line)


def _line(kind: str, name: str, rest: str) -> Parts:
    mark, style = _MARKS[kind]
    return [(f"  {mark} ", style), name, (f"  {rest}", "dim")]


def _step(old: str, new: str) -> str:
    return f"{old} -> {new}" if old and new and old != new else old or new


def _task_lines(change: TaskChange) -> list[Parts]:
    mark, style = _KINDS[change.kind]
    versions = _step(change.old.version if change.old else "", change.new.version if change.new else "")
    lines: list[Parts] = [[(f"  {mark} ", style), change.name, (f"  {versions}", "dim"), (f"  {change.kind}", style)]]
    lines += [[(f"      {reason}", style)] for reason in change.reasons]
    lines += [[(f"      not compared: {text}", "yellow")] for text in change.not_compared]
    if change.needs:
        lines.append([(f"      the version should be {change.needs}", "cyan")])
    return lines


def _file_lines(change: FileChange, difference: Difference, *, everything: bool) -> list[Parts]:
    from rich.text import Text

    old, new = change.old, change.new
    sizes = _step(format_size(old.size) if old else "", format_size(new.size) if new else "")
    if old and new and old.mode != new.mode:
        sizes += f", mode {old.mode} -> {new.mode}"
    lines = [_line(change_kind(old, new), change.path, sizes)]
    if difference.texts and (everything or change.path != LOCK_NAME):  # the dependencies are listed above
        shown = printable(difference.texts[change.path] or "(not shown: no text, too large, or empty)", lines=True)
        lines += [[Text(f"      {line}", _LINES.get(line[:1], "dim"))] for line in shown.split("\n")[2:] or [shown]]
    return lines
