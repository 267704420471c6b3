"""The source that a release is built from again: a folder, an sdist, or the commit that its statement names."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.short_forms import short_id
from hatch_tilebox.project.releases import read_config
from hatch_tilebox.project.repository import find_projects
from hatch_tilebox.rebuild.checkout import CANNOT, check_out

if TYPE_CHECKING:
    from hatch_tilebox.attestations.statement import Provenance
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.core.source_commit import SourceCommit

SDIST_SUFFIX = ".tar.gz"


@dataclass(frozen=True)
class Source:
    """The unpacked source in `folder`. `place` is where it is from: a path or a URL. `commit` is None unless it was checked out."""

    kind: Literal["commit", "folder", "sdist"]
    folder: Path
    place: str
    commit: SourceCommit | None = None

    def project(self, slug: str) -> Path:
        """Return the folder of the project of the workflow `slug` in the source. Raises ConfigError without exactly one."""
        found = [root for root in find_projects(self.folder) if _slug(root) == slug]
        if len(found) == 1:
            return found[0]
        names = ", ".join(str(root.relative_to(self.folder.resolve())) for root in found)
        message = (
            f"several projects in {self.place} are the workflow {slug}: {names}"
            if found
            else f"{self.place} has no workflow {slug}"
        )
        raise ConfigError(Problem(message, "name the folder of the project: --rebuild FOLDER", code=CANNOT))


def _slug(root: Path) -> str | None:
    try:
        return read_config(root).workflow.slug
    except ConfigError:  # another project of the repository may be broken
        return None


def open_source(named: Path | None, archive: Path, statement: Provenance | None, folder: Path, progress: Progress) -> Source:
    """Return the source `named`, by default the commit in the statement beside the archive.

    Sdists and commits are unpacked in `folder`. Raises ConfigError if there is no such source.
    """
    if named is not None and named.is_dir():
        return Source("folder", named, str(named))
    target = folder / "source"
    progress.started("Preparing the source")
    if named is not None:
        source = Source("sdist", _unpack(named, target), str(named))
        summary = named.name
    else:
        commit = _recorded(archive, statement)
        place = check_out(commit, target, [Path.cwd(), archive.resolve().parent])
        source = Source("commit", target, place, commit)
        summary = f"commit {short_id(commit.id)} of {place}"
    progress.finished(summary)
    return source


def _recorded(archive: Path, statement: Provenance | None) -> SourceCommit:
    hint = "name the source: --rebuild FOLDER, or an sdist"
    if statement is None:
        raise ConfigError(
            Problem(f"{archive.name} has no statement of provenance beside it that names a commit", hint, code=CANNOT)
        )
    if statement.source is None:
        raise ConfigError(Problem(f"{archive.name} was built from a folder without a commit", hint, code=CANNOT))
    return statement.source


def _unpack(sdist: Path, target: Path) -> Path:
    """Unpack an sdist into the new folder `target`, and return the one folder in it. Raises ConfigError."""
    where = Location(str(sdist))
    if not sdist.name.endswith(SDIST_SUFFIX):
        raise ConfigError(Problem(f"a source is a folder, or an sdist (*{SDIST_SUFFIX})", location=where, code=CANNOT))
    if not hasattr(tarfile, "data_filter"):
        raise ConfigError(
            Problem("an sdist is unpacked safely from Python 3.10.12 and 3.11.4 on", "use a newer Python", code=CANNOT)
        )
    target.mkdir()
    try:
        with tarfile.open(sdist, "r:gz") as file:
            file.extractall(target, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ConfigError(Problem(f"cannot be unpacked as an sdist: {error}", location=where, code=CANNOT)) from error
    found = [*target.iterdir()]
    if len(found) != 1 or not found[0].is_dir():
        raise ConfigError(Problem("an sdist has one folder at its top", location=where, code=CANNOT))
    return found[0]
