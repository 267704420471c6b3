"""`hatch-tilebox report`: show a release, the changes between two releases, or a run, in a browser or as text."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.options import FILE, output_options, refuse_combination
from hatch_tilebox.cli.output import show_line

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.report.collect import Report

_FORMATS = ("html", "markdown", "mermaid", "json")


@click.command()
@click.argument("files", metavar="[FILE | OLD NEW]", nargs=-1, type=FILE)
@click.option("--run", "job", metavar="JOB.json", type=FILE, help="The output of `run --json`.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="The format of the report.  [default: html]")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Write it to this file; - is stdout.  [default: a name like that of FILE]"
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@output_options
def command(files: tuple[Path, ...], *, job: Path | None, form: str | None, out: Path | None, show: bool, output: Output) -> None:
    """Write one HTML file about a release, a run, or the changes from OLD to NEW. It needs no network.

    It has the graph of tasks, the sizes of files and packages, a form for each task that gives the command to try it, the timeline
    of a run, and the changes with those that break jobs. The other formats are written to stdout. No code in FILE is run.

    Example: hatch-tilebox report dist/scene_qa-1.2.0.tbrelease
    """
    from hatch_tilebox.core.files import whole_file
    from hatch_tilebox.report.collect import collect_report

    if output.as_json and form not in {None, "json"}:
        refuse_combination("--json", f"--format {form}")
    form = form or ("json" if output.as_json else "html")
    if len(files) > 2:  # noqa: PLR2004 -- OLD and NEW
        message = "give one release, or two to compare"
        raise click.UsageError(message)
    if not files and job is None:
        message = "name a release, two releases, or a run with --run"
        raise click.UsageError(message)
    if show and (form != "html" or str(out) == "-"):
        message = "--open needs an HTML file"
        raise click.UsageError(message)
    with output.progress() as progress:
        report = collect_report(files[-1] if files else None, old=files[0] if len(files) > 1 else None, job=job, progress=progress)
    text = _render(report, form)
    if str(out) == "-" or (out is None and form != "html"):
        click.echo(text, nl=False)  # noqa: TID251 -- its text is escaped where it is composed
        return
    target = out or Path(_name(files, job))
    with whole_file(target) as file:
        file.write(text.encode())
    show_line(target)
    if show:
        webbrowser.open(target.resolve().as_uri())


def _render(report: Report, form: str) -> str:
    from hatch_tilebox.report.as_json import report_json
    from hatch_tilebox.report.markdown import markdown, mermaid_graph
    from hatch_tilebox.report.page import html_page

    if form == "json":
        return json.dumps(report_json(report), indent=2) + "\n"
    if form == "mermaid":
        return mermaid_graph(report.graph)
    return markdown(report) if form == "markdown" else html_page(report)


def _name(files: tuple[Path, ...], job: Path | None) -> str:
    """Return the default name of the file, in the current folder."""
    from hatch_tilebox.core.constants import RELEASE_SUFFIX

    return f"{'-to-'.join(file.name.removesuffix(RELEASE_SUFFIX) for file in files) or (job.stem if job else 'report')}.html"
