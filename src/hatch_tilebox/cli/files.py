"""`hatch-tilebox files`: show the files of a release, and why a file is selected or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.output import output_options, problem_json, show_json, show_line
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.project.workflow_project import WorkflowProject


@click.command(short_help="Show the files of the release, or the rule that decides about one")
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--largest", is_flag=True, help="List the largest files first, instead of a tree.")
@click.option("--why", metavar="PATH", help="Show which rule decides about this file or folder of PROJECT.")
@click.option("--suggest", is_flag=True, help="Show the patterns that the runner's imports need, and files that nothing uses.")
@output_options
def command(project: Path, *, largest: bool, why: str | None, suggest: bool, as_json: bool, quiet: int, verbose: int) -> None:
    """Show the files of the release of the workflow project in the folder PROJECT, as a tree with sizes.

    Warnings follow on stderr. The exit code is 1 if a build would fail, for example because of a secret.

    Example: hatch-tilebox files --why data/scene.tif
    """
    from hatch_tilebox.project.open import open_project

    opened = open_project(project, run_code=False)
    if why is not None:
        _show_reason(opened, project, why, as_json=as_json)
    elif suggest:
        _show_suggestion(opened, as_json=as_json)
    else:
        _show_files(opened, largest=largest, as_json=as_json, verbosity=verbose - quiet)


def _show_reason(project: WorkflowProject, folder: Path, path: str, *, as_json: bool) -> None:
    here = folder.absolute() / path
    explanation = project.explain(project.root / "dist", here if here.exists() else path)
    if not as_json:
        show_line(explanation)
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


def _show_suggestion(project: WorkflowProject, *, as_json: bool) -> None:
    from hatch_tilebox.core.errors import Problem, SelectionError
    from hatch_tilebox.project.source_tree import SourceTree
    from hatch_tilebox.project.suggest import suggest_files

    config = project.config
    found = suggest_files(SourceTree(config.root), config, project.pyproject, project.select(project.root / "dist"))
    if found is None:
        message = "the runner's module is not a file of the project, so its imports are not known"
        raise SelectionError(Problem(message, location=config.location("workflow")))
    if as_json:
        show_json({"include": list(found.include), "unused": list(found.unused)})
        return
    show_line("[build]")
    show_line(f"include = {json.dumps(found.include, ensure_ascii=False)}")
    for path in found.unused:
        show_line(f"# no module imports or names {path}")


def _show_files(project: WorkflowProject, *, largest: bool, as_json: bool, verbosity: int) -> None:
    from hatch_tilebox.cli.console import RichProgress
    from hatch_tilebox.core.errors import SelectionError

    files = project.select(project.root / "dist")
    stops: SelectionError | None = None
    try:
        warnings = project.check(project.root / "dist", files)
    except SelectionError as error:
        warnings, stops = files.warnings, error
    generated = project.generated(project.root / "dist")
    found = sorted(files.files, key=lambda file: (-file.size, file.path)) if largest else files.files
    if as_json:
        entries: list[dict[str, Any]] = [{"path": file.path, "size": file.size} for file in found]
        made = [{"path": file.path, "source": file.source} for file in generated]
        show_json({"files": entries, "generated": made, "warnings": [problem_json(problem) for problem in warnings]})
    else:
        _show(files, largest=largest)
        for file in generated:
            show_line(f"generated {file.path}: {file.source}")
        progress = RichProgress(verbosity)
        for problem in warnings:
            progress.warning(problem)
    if stops:
        raise stops


def _show(files: FileSet, *, largest: bool) -> None:
    """Print the files for people. Lines are not wrapped, so that paths can be copied."""
    from hatch_tilebox.cli.console import styled
    from hatch_tilebox.cli.safe_console import SafeConsole

    console = SafeConsole()
    if not largest:
        for line in _tree(files, ascii_only=console.options.ascii_only):
            console.print(line, soft_wrap=True)
        return
    for file in sorted(files.files, key=lambda file: (-file.size, file.path)):
        console.print(styled((f"{format_size(file.size):>10}", "cyan"), f"  {file.path}"), soft_wrap=True)
    console.print(f"[bold]{format_size(files.size):>10}  {len(files.files)} files[/]")


def _tree(files: FileSet, *, ascii_only: bool) -> Iterator[Text]:
    """Yield the lines of a tree. rich would cut its lines at the width of the terminal."""
    from rich.text import Text

    last, inner, along = ("`-- ", "|-- ", "|   ") if ascii_only else ("└── ", "├── ", "│   ")
    children: dict[str, dict[str, int]] = {"": {}}
    totals: dict[str, list[int]] = {"": []}
    for file in files.files:
        path, folder = file.path, ""
        while path:
            path, folder = path.rpartition("/")[0], path
            children.setdefault(path, {})[folder] = file.size
            totals.setdefault(path, []).append(file.size)

    def below(folder: str, guide: str) -> Iterator[Text]:
        for number, (path, size) in enumerate(children[folder].items(), 1):
            ends = number == len(children[folder])
            line = Text(guide + (last if ends else inner), "dim")
            name = printable(path.rpartition("/")[2])
            if path not in children:
                yield line.append(name, "not dim").append(f"  {format_size(size)}", "not dim cyan")
                continue
            yield line.append(f"{name}/", "not dim bold").append(_total(totals[path]), "not dim cyan")
            yield from below(path, guide + ("    " if ends else along))

    yield Text(f"{printable(files.root.name)}/", "bold").append(_total(totals[""]), "not bold cyan")
    yield from below("", "")


def _total(sizes: list[int]) -> str:
    return f"  {len(sizes)} {'file' if len(sizes) == 1 else 'files'}, {format_size(sum(sizes))}"
