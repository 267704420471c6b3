"""`hatch-tilebox report`: show a release, the changes between two releases, or a run, in a browser or as text."""

from __future__ import annotations

import json
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.output import output_options, show_json, show_line

if TYPE_CHECKING:
    from hatch_tilebox.report.collect import Report

_ARCHIVE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FORMATS = ("html", "markdown", "mermaid", "json")


@click.command(short_help="Show a release, a run or the changes between releases in a browser")
@click.argument("files", metavar="[FILE | OLD NEW]", nargs=-1, type=_ARCHIVE)
@click.option("--run", "job", metavar="JOB.json", type=_ARCHIVE, help="The output of `run --json`.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="The format of the report.  [default: html]")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Write it to this file; - is stdout.  [default: a name like that of FILE]"
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@output_options
def command(
    files: tuple[Path, ...],
    *,
    job: Path | None,
    form: str | None,
    out: Path | None,
    show: bool,
    as_json: bool,
    quiet: int,
    verbose: int,
) -> None:
    """Write one HTML file about a release, a run, or the changes from OLD to NEW. It needs no network.

    It has the graph of tasks, the sizes of files and packages, a form for each task that gives the command to try it, the timeline
    of a run, and the changes with those that break jobs. The other formats are written to stdout. No code in FILE is run.

    Example: hatch-tilebox report dist/scene_qa-1.2.0.tbrelease
    """
    from hatch_tilebox.core.files import whole_file
    from hatch_tilebox.report.collect import collect_report

    form = _format(form, as_json=as_json)
    if len(files) > 2:  # noqa: PLR2004 -- OLD and NEW
        message = "give one release, or two to compare"
        raise click.UsageError(message)
    if not files and job is None:
        message = "name a release, two releases, or a run with --run"
        raise click.UsageError(message)
    if show and (form != "html" or str(out) == "-"):
        message = "--open needs an HTML file"
        raise click.UsageError(message)
    with closing(RichProgress(verbose - quiet)) as progress:
        report = collect_report(files[-1] if files else None, old=files[0] if len(files) > 1 else None, job=job, progress=progress)
    if str(out) == "-" or (out is None and form != "html"):
        _print(report, form)
        return
    target = out or Path(_name(files, job))
    with whole_file(target) as file:
        file.write(_render(report, form))
    show_line(target)
    if show:
        webbrowser.open(target.resolve().as_uri())


def _format(form: str | None, *, as_json: bool) -> str:
    if as_json and form not in {None, "json"}:
        message = f"--json and --format {form} cannot be used together"
        raise click.UsageError(message)
    return "json" if as_json else form or "html"


def _print(report: Report, form: str) -> None:
    from hatch_tilebox.report.as_json import report_json

    if form == "json":
        show_json(report_json(report))
    else:
        click.echo(_render(report, form), nl=False)  # noqa: TID251 -- its text is escaped where it is composed


def _render(report: Report, form: str) -> bytes:
    from hatch_tilebox.report.as_json import report_json
    from hatch_tilebox.report.markdown import markdown
    from hatch_tilebox.report.mermaid import mermaid_graph
    from hatch_tilebox.report.page import html_page

    if form == "json":
        return json.dumps(report_json(report), indent=2).encode() + b"\n"
    if form == "mermaid":
        return mermaid_graph(report.graph).encode()
    return (markdown(report) if form == "markdown" else html_page(report)).encode()


def _name(files: tuple[Path, ...], job: Path | None) -> str:
    """Return the default name of the file, in the current folder."""
    from hatch_tilebox.core.constants import RELEASE_SUFFIX

    return f"{'-to-'.join(file.name.removesuffix(RELEASE_SUFFIX) for file in files) or (job.stem if job else 'report')}.html"
