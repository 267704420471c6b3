"""`hatch-tilebox files`: show the files of a release, and why a file is selected or not."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.options import output_options, project_argument
from hatch_tilebox.cli.output import problem_json, show_json, show_line
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import format_size, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.core.model import FileSet, SelectedFile
    from hatch_tilebox.project.workflow_project import WorkflowProject


@click.command()
@project_argument
@click.option("--largest", is_flag=True, help="List the largest files first, instead of a tree.")
@click.option("--why", metavar="PATH", help="Show which rule decides about this file or folder of PROJECT.")
@click.option("--suggest", is_flag=True, help="Show the patterns that the runner's imports need, and files that nothing uses.")
@output_options
def command(project: Path, *, largest: bool, why: str | None, suggest: bool, output: Output) -> None:
    """Show the files of the release of the workflow project in the folder PROJECT, as a tree with sizes.

    Warnings follow on stderr. The exit code is 1 if a build would fail, for example because of a secret.

    Example: hatch-tilebox files --why data/scene.tif
    """
    from hatch_tilebox.project.open import open_project

    opened = open_project(project, run_code=False)
    if why is not None:
        _show_reason(opened, project / why, why, output)
    elif suggest:
        _show_suggestion(opened, output)
    else:
        _show_files(opened, output, largest=largest)


def _show_reason(project: WorkflowProject, place: Path, path: str, output: Output) -> None:
    explanation = project.explain(place.absolute() if place.exists() else path)
    result = {
        "path": explanation.path,
        "selected": explanation.selected,
        "reason": explanation.reason,
        "included_by": [pattern.text for pattern in explanation.included_by],
        "rule": explanation.rule.kind if explanation.rule else None,
        "file": explanation.location.path if explanation.location else None,
        "line": explanation.location.line if explanation.location else None,
    }
    output.show(result, explanation)


def _show_suggestion(project: WorkflowProject, output: Output) -> None:
    from hatch_tilebox.core.errors import Problem, SelectionError
    from hatch_tilebox.project.source_tree import SourceTree
    from hatch_tilebox.project.suggest import suggest_files

    config = project.config
    found = suggest_files(SourceTree(config.root), config, project.pyproject, project.select())
    if found is None:
        message = "the runner's module is not a file of the project, so its imports are not known"
        raise SelectionError(Problem(message, location=config.location("workflow")))
    output.show(
        {"include": list(found.include), "unused": list(found.unused)},
        "[build]",
        f"include = {json.dumps(found.include, ensure_ascii=False)}",
        *(f"# no module imports or names {path}" for path in found.unused),
    )


def _show_files(project: WorkflowProject, output: Output, *, largest: bool) -> None:
    from hatch_tilebox.core.errors import SelectionError

    files = project.select()
    stops: SelectionError | None = None
    try:
        warnings = project.check(files)
    except SelectionError as error:
        warnings, stops = files.warnings, error
    generated = project.generated()
    found = sorted(files.files, key=lambda file: (-file.size, file.path)) if largest else files.files
    if output.as_json:
        entries: list[dict[str, Any]] = [{"path": file.path, "size": file.size} for file in found]
        made = [{"path": file.path, "source": file.source} for file in generated]
        show_json({"files": entries, "generated": made, "warnings": [problem_json(problem) for problem in warnings]})
    else:
        _show_largest(found) if largest else _show_tree(files)
        for file in generated:
            show_line(f"generated {file.path}: {file.source}")
        with output.progress() as progress:
            for problem in warnings:
                progress.warning(problem)
    if stops:
        raise stops


def _show_largest(files: Sequence[SelectedFile]) -> None:
    """Print the files with sizes, and a line with the sums. Lines are not wrapped, so that paths can be copied."""
    from hatch_tilebox.cli.safe_console import SafeConsole

    console = SafeConsole()
    for file in files:
        console.show((f"{format_size(file.size):>10}", "cyan"), f"  {file.path}")
    console.show((f"{format_size(sum(file.size for file in files)):>10}  {len(files)} files", "bold"))


def _show_tree(files: FileSet) -> None:
    """Print the files as a tree with sizes."""
    from rich.text import Text
    from rich.tree import Tree

    from hatch_tilebox.cli.safe_console import UNLIMITED, SafeConsole

    totals: defaultdict[str, list[int]] = defaultdict(list)
    for file in files.files:
        for folder in _folders(file.path):
            totals[folder].append(file.size)

    def label(name: str, folder: str) -> Text:
        return Text(f"{printable(name)}/", "bold").append(_total(totals[folder]), "not bold cyan")

    tree = {"": Tree(label(files.root.name, ""), guide_style="dim")}
    for file in files.files:
        parent = ""
        for folder in _folders(file.path)[1:]:
            if folder not in tree:
                tree[folder] = tree[parent].add(label(folder.rpartition("/")[2], folder))
            parent = folder
        name = Text(printable(file.path.rpartition("/")[2]))
        tree[parent].add(name.append(f"  {format_size(file.size)}", "cyan"))
    SafeConsole().print(tree[""], width=UNLIMITED, crop=False)  # lines are not wrapped, so that paths can be copied


def _folders(path: str) -> list[str]:
    """Return the folders above a file, the outermost first, which is ""."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


def _total(sizes: list[int]) -> str:
    return f"  {quantity(len(sizes), 'file')}, {format_size(sum(sizes))}"
