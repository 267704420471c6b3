"""`hatch-tilebox files`: what goes into a release, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.output import output_options, problem_json, show_json

if TYPE_CHECKING:
    from rich.tree import Tree

    from hatch_tilebox.bridge import WorkflowProject
    from hatch_tilebox.model import FileSet


@click.command(short_help="Show which files go into the release, or why one does not")
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--largest", is_flag=True, help="List the largest files first, instead of a tree.")
@click.option("--why", metavar="PATH", help="Say which rule decides about this file or folder.")
@output_options
def command(project: Path, *, largest: bool, why: str | None, as_json: bool, quiet: int, verbose: int) -> None:
    """Show the files of the release of the workflow project in the folder PROJECT, as a tree with sizes.

    Doubts about them follow on stderr. What would stop a build, such as a secret, makes the exit code 1.

    Example: hatch-tilebox files --why data/scene.tif
    """
    from hatch_tilebox.cli.project import open_project

    opened = open_project(project, run_code=False)
    if why is not None:
        _show_reason(opened, why, as_json=as_json)
    else:
        _show_files(opened, largest=largest, as_json=as_json, verbosity=verbose - quiet)


def _show_reason(project: WorkflowProject, path: str, *, as_json: bool) -> None:
    here = Path(path).absolute()
    explanation = project.explain(project.root / "dist", here if here.exists() else path)
    if not as_json:
        click.echo(explanation)
        return
    place = explanation.location
    show_json({
        "path": explanation.path,
        "selected": explanation.selected,
        "reason": explanation.reason,
        "included_by": [pattern.text for pattern in explanation.included_by],
        "rule": explanation.rule.kind if explanation.rule else None,
        "file": place.path if place else None,
        "line": place.line if place else None,
    })  # fmt: skip


def _show_files(project: WorkflowProject, *, largest: bool, as_json: bool, verbosity: int) -> None:
    from hatch_tilebox.cli.console import RichProgress
    from hatch_tilebox.errors import SelectionError

    files = project.select(project.root / "dist")
    stops: SelectionError | None = None
    try:
        warnings = project.check(project.root / "dist", files)
    except SelectionError as error:
        warnings, stops = files.warnings, error
    found = sorted(files.files, key=lambda file: (-file.size, file.path)) if largest else files.files
    if as_json:
        entries: list[dict[str, Any]] = [{"path": file.path, "size": file.size} for file in found]
        show_json({"files": entries, "warnings": [problem_json(problem) for problem in warnings]})
    else:
        _show(files, largest=largest)
        progress = RichProgress(verbosity)
        for problem in warnings:
            progress.warning(problem)
    if stops:
        raise stops


def _show(files: FileSet, *, largest: bool) -> None:
    """The files for people. Lines are never wrapped: a path is worth more than a margin."""
    from rich.console import Console
    from rich.markup import escape

    from hatch_tilebox.progress import format_size

    console = Console(highlight=False)
    if not largest:
        console.print(_tree(files), no_wrap=True, overflow="ignore", crop=False)
        return
    for file in sorted(files.files, key=lambda file: (-file.size, file.path)):
        console.print(f"[cyan]{format_size(file.size):>10}[/]  {escape(file.path)}", soft_wrap=True)
    console.print(f"[bold]{format_size(files.size):>10}  {len(files.files)} files[/]")


def _tree(files: FileSet) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    from hatch_tilebox.progress import format_size

    totals: dict[str, list[int]] = {"": []}
    for file in files.files:
        folder = file.path
        while folder:
            folder = folder.rpartition("/")[0]
            totals.setdefault(folder, []).append(file.size)

    def label(name: str, sizes: list[int], style: str) -> Text:
        count = f"{len(sizes)} files, " if style else ""
        return Text(name, style).append(f"  {count}{format_size(sum(sizes))}", "not bold cyan")

    tree = Tree(label(f"{files.root.name}/", totals[""], "bold"), guide_style="dim")
    branches = {"": tree}
    for file in files.files:
        parts = file.path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in branches:
                above = branches["/".join(parts[: depth - 1])]
                branches[folder] = above.add(label(f"{parts[depth - 1]}/", totals[folder], "bold"))
        branches["/".join(parts[:-1])].add(label(parts[-1], [file.size], ""))
    return tree
