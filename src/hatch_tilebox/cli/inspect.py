"""`hatch-tilebox inspect`: show the manifest of a release."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.current_project import named_or_project, open_here, published_or_latest
from hatch_tilebox.cli.options import json_option, trust_option
from hatch_tilebox.cli.output import show_json
from hatch_tilebox.cli.signature import Signature, signature_of
from hatch_tilebox.core.constants import RELEASE_SUFFIX
from hatch_tilebox.core.progress import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_tilebox.archive.sbom import Component, Sbom
    from hatch_tilebox.cli.safe_console import SafeConsole
    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.core.progress import Progress


_TITLES = len("Fingerprint")
_TRIGGERS = {"cron": "a cron schedule", "storage-event": "storage events"}


@click.command()
@click.argument("what", metavar="[FILE]", required=False)
@click.option("--sbom", is_flag=True, help="Show the packages that release runners install, from the SBOM of the release.")
@click.option(
    "--from", "url", metavar="URL", help="Show a published release at this destination.  [default with --release: the project's]"
)
@click.option("--release", "selector", metavar="ID", help="Its id, project version, or start of an id, digest or fingerprint.")
@click.option("--workflow", metavar="SLUG", help="Its workflow.")
@click.option("-v", "--verbose", count=True, help="Show inputs in full, with their named types.")
@click.option("--no-digest", is_flag=True, help="Leave out the digest and the signature, which take a while for a large archive.")
@trust_option
@json_option
def command(
    what: str | None,
    *,
    sbom: bool,
    url: str | None,
    selector: str | None,
    workflow: str | None,
    as_json: bool,
    verbose: int,
    no_digest: bool,
    trust_config: Path | None,
) -> None:
    """Show workflow, tasks, files, fingerprint, digest and signature of a release.

    FILE is a .tbrelease, a wheel that was built with one, or the name of an installed distribution. Without FILE, the
    release of the project in the current folder is shown, built if it is out of date. The content is not checked;
    `verify` does that. Only the digest needs the whole archive to be read.

    With --from or --release, a published release is shown, by default the latest. Its archive is not fetched.

    Example: hatch-tilebox inspect dist/scene_qa-1.2.0.tbrelease
    """
    from hatch_tilebox.cli.console import RichProgress, show_fact
    from hatch_tilebox.cli.safe_console import SafeConsole

    published = bool(url or selector or workflow)
    if published and what is not None:
        message = "name either a file or a published release"
        raise click.UsageError(message)
    console = SafeConsole()
    with closing(RichProgress()) as progress:
        if published:
            release = _published(url, selector, workflow, progress, with_sbom=sbom)
        else:
            release = _read(str(named_or_project(None, progress)) if what is None else what)
        components = _components(release) if sbom else None
        if components is not None and not as_json:
            _show_components(console, release.manifest, components)
            return
        if not as_json:
            _show(console, release.manifest, release.size, everything=verbose > 0)
        digest = None if no_digest else release.digest()
        signature = Signature(None, "")
        if digest and release.where.endswith(RELEASE_SUFFIX):  # wheels and installed distributions have no signature
            signature = signature_of(Path(release.where), release.digest, trust_config, progress)
    if as_json:
        listed = {} if components is None else {"components": [asdict(component) for component in components]}
        signer = signature.signer and signature.signer.to_dict()
        show_json({"manifest": release.manifest.to_dict(), "digest": digest, "signer": signer, "size": release.size, **listed})
    elif digest:
        console.print()
        show_fact("Digest", f"sha256:{digest}", console, _TITLES)
        if signature.text:
            show_fact("Signature", signature.text, console, _TITLES)


@dataclass(frozen=True)
class _Shown:
    """A release to show, with its size in bytes, None if that is not known, and the place `where` it is.

    `digest` and `sbom` read more of it; the SBOM is None if there is none.
    """

    manifest: ReleaseManifest
    size: int | None
    digest: Callable[[], str]
    sbom: Callable[[], Sbom | None]
    where: str


def _read(what: str) -> _Shown:
    """Return the release `what`. Raises ArchiveError if there is none."""
    from hatch_tilebox.archive.reader import read_manifest
    from hatch_tilebox.archive.sbom import sbom_beside, sbom_in_distribution, sbom_in_wheel
    from hatch_tilebox.archive.wheel import read_distribution, read_wheel
    from hatch_tilebox.core.files import file_digest

    path = Path(what)
    if path.suffix == ".whl":
        release = read_wheel(path)
        sbom = partial(sbom_in_wheel, path, release)
    elif path.is_file() or path.suffix == RELEASE_SUFFIX:
        digest = cache(partial(file_digest, path))
        return _Shown(read_manifest(path), path.stat().st_size, digest, lambda: sbom_beside(path, digest()), what)
    else:
        release = read_distribution(what)
        sbom = partial(sbom_in_distribution, what, release)
    return _Shown(release.manifest, release.size, lambda: release.sha256, sbom, what)


def _published(url: str | None, selector: str | None, workflow: str | None, progress: Progress, *, with_sbom: bool) -> _Shown:
    """Return a published release. It is not fetched; its SBOM is, if it is wanted. Raises PublishError and ArchiveError."""
    from hatch_tilebox.core.errors import Problem, PublishError
    from hatch_tilebox.publish.attachments import published_sbom

    with open_here(url, progress) as destination:
        release = published_or_latest(destination, url, workflow, selector)
        manifest = destination.manifest(release)
        sbom = published_sbom(destination, release) if with_sbom else None
    if manifest is None:
        message = f"{destination.url} does not show the manifest of a release"
        raise PublishError(Problem(message, f"fetch it: hatch-tilebox fetch --release {release.id}", code="TBX513"))
    return _Shown(manifest, release.size, lambda: release.digest, lambda: sbom, release.url)


def _components(release: _Shown) -> tuple[Component, ...]:
    from hatch_tilebox.archive.sbom import missing_sbom

    sbom = release.sbom()
    if sbom is None:
        raise missing_sbom(release.where)
    return sbom.components


def _show_components(console: SafeConsole, manifest: ReleaseManifest, components: Sequence[Component]) -> None:
    from hatch_tilebox.cli.console import show_table
    from hatch_tilebox.core.tables import Column

    title = f"{manifest.project.name} {manifest.project.version}: {len(components)} components"
    console.show((title, "bold"))
    console.print()
    licensed = any(component.license for component in components)
    columns = (Column("Component"), Column("Version"), *([Column("License", drop=1)] if licensed else []))
    show_table(columns, [(item.name, item.state, item.license)[: len(columns)] for item in components], console)


def _show(console: SafeConsole, manifest: ReleaseManifest, size: int | None, *, everything: bool) -> None:

    from hatch_tilebox.cli.console import show_fact, show_table, show_text
    from hatch_tilebox.core.tables import Column
    from hatch_tilebox.inputs.describe import describe_input, shape_lines

    workflow = manifest.workflow
    packed = "" if size is None else f"{format_size(size)}, "
    facts: list[tuple[str, str]] = [
        ("Workflow", workflow.slug),
        ("Project", f"{manifest.project.name} {manifest.project.version}"),
        ("Python", manifest.project.requires_python or "any"),
        *([("Environment", ", ".join(manifest.environment))] if manifest.environment else []),
        ("Worker", workflow.runner or " ".join(workflow.command or ())),
        ("Fingerprint", manifest.fingerprint),
        ("Size", f"{packed}unpacked {format_size(sum(file.size for file in manifest.files))}"),
    ]
    for title, value in facts:
        show_fact(title, value, console, _TITLES)
    console.print()
    console.show(("Tasks", "bold"))
    for task in manifest.tasks:
        trigger = f"  triggered by {_TRIGGERS[task.trigger]}" if task.trigger else ""
        console.show(f"  {task.name}  ", (task.version, "dim"), (trigger, "cyan"))
        if task.description:
            show_text(task.description, console, indent=6, style="dim")
        if everything and task.input_schema:
            for line in ("input:", *(f"  {line}" for line in shape_lines(task.input_schema))):
                console.show(f"      {line}")
        else:
            show_text(f"input: {describe_input(task.input_schema)}", console, indent=6)
    console.print()
    show_table(("Files", Column("", right=True)), [(f"  {file.path}", format_size(file.size)) for file in manifest.files], console)
