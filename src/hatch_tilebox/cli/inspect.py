"""`hatch-tilebox inspect`: what a release says about itself."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.progress import format_size

if TYPE_CHECKING:
    from hatch_tilebox.model import ReleaseManifest


@click.command(short_help="Show what a release says about itself")
@click.argument("what", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(what: str, *, as_json: bool) -> None:
    """Show workflow, tasks, files, fingerprint and digest of a release.

    FILE is a .tbrelease, a wheel that was built with one, or the name of an installed distribution. The content is neither
    unpacked nor checked; `verify` does that.

    Example: hatch-tilebox inspect dist/scene_qa-1.2.0.tbrelease
    """
    manifest, digest, size = _read(what)
    if as_json:
        click.echo(json.dumps({"manifest": manifest.to_dict(), "digest": digest, "size": size}, indent=2))
    else:
        _show(manifest, digest, size)


def _read(what: str) -> tuple[ReleaseManifest, str, int]:
    """Manifest, digest and size in bytes of the release that `what` names."""
    from hatch_tilebox.archive.reader import read_manifest
    from hatch_tilebox.embedded import read_distribution, read_wheel

    path = Path(what)
    if path.suffix == ".whl":
        release = read_wheel(path)
    elif path.is_file() or path.suffix:
        manifest = read_manifest(path)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(2**20):
                digest.update(chunk)
        return manifest, digest.hexdigest(), path.stat().st_size
    else:
        release = read_distribution(what)
    return release.manifest, release.sha256, release.size


def _show(manifest: ReleaseManifest, digest: str, size: int) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from hatch_tilebox.input_shape import describe_input

    console = Console(highlight=False)
    workflow = manifest.workflow
    facts: list[tuple[str, str]] = [
        ("Workflow", workflow.slug),
        ("Project", f"{manifest.project.name} {manifest.project.version}"),
        ("Python", manifest.project.requires_python or "any"),
        ("Worker", workflow.runner or " ".join(workflow.command or ())),
        ("Fingerprint", manifest.fingerprint),
        ("Digest", f"sha256:{digest}"),
        ("Size", f"{format_size(size)}, unpacked {format_size(sum(file.size for file in manifest.files))}"),
    ]
    for title, value in facts:
        console.print(f"[bold]{title.ljust(11)}[/]  {escape(value)}", soft_wrap=True)
    tasks = Table("Task", "Version", "Input", box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for task in manifest.tasks:
        tasks.add_row(escape(task.name), task.version, escape(describe_input(task.input_schema)))
    files = Table("File", "Size", box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for file in manifest.files:
        files.add_row(escape(file.path), format_size(file.size))
    console.print("", tasks, "", files)
