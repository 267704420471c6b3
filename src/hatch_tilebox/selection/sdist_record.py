"""The record of what an sdist contains beside the files of the release. Builds from the sdist follow it.

Frontends add files to an sdist: hatchling copies a `.gitignore` from a folder above. An sdist cannot contain `.git/info/exclude`
either. Without the record, a build from the sdist would select other files than a build from the source tree.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.constants import SDIST_RECORD
from hatch_tilebox.core.errors import Location, Problem, SelectionError
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.selection.built_in_rules import is_never_shipped
from hatch_tilebox.selection.patterns.globs import GlobSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_tilebox.core.model import FileSet, Pattern
    from hatch_tilebox.core.source_commit import SourceCommit

_ABOUT = "Written by hatch-tilebox into an sdist: files here that its release leaves out, and ignore files that do not count."


class SdistRecord(NamedTuple):
    """Paths relative to the root of the workflow: files that are not selected, and ignore files that are not read.

    `source` is the commit that the sdist was built from, if the option `provenance` asked for it.
    """

    left_out: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    source: SourceCommit | None = None

    def to_json(self) -> bytes:
        """Return the content of the file."""
        source = {"source": vars(self.source)} if self.source else {}
        values = {"about": _ABOUT, "left-out": sorted(self.left_out), "unread": sorted(self.unread), **source}
        return json.dumps(values, indent=2).encode() + b"\n"


def read_record(root: str) -> SdistRecord:
    """Return the record in the folder `root`, an empty one where there is none. Raises SelectionError where it is damaged."""
    try:
        values = json.loads(read_text(Path(root, SDIST_RECORD)))
        left_out, unread = values["left-out"], values["unread"]
        if all(isinstance(item, str) for item in (*left_out, *unread)):
            from hatch_tilebox.core.source_commit import parse_source_commit

            source = parse_source_commit(values["source"]) if "source" in values else None
            return SdistRecord(frozenset(left_out), frozenset(unread), source)
        cause = "paths must be strings"
    except FileNotFoundError:
        return SdistRecord()
    except (UnreadableTextError, ValueError, TypeError, KeyError, RecursionError) as error:
        cause = str(error)
    hint = "unpack the sdist again; in a project of your own, remove the file"
    raise SelectionError(Problem(f"cannot be read as the record of an sdist: {cause}", hint, Location(SDIST_RECORD), code="TBX118"))


def record_of(files: FileSet, include: Sequence[Pattern], exclude: Sequence[Pattern], held: Iterable[str]) -> SdistRecord:
    """Return the record with which a build from an sdist with the paths `held` selects `files`, the release of the tree."""
    released = files.paths
    includes, excludes = GlobSet(include), GlobSet(exclude)
    before = read_record(str(files.root))
    left_out, unread = set(), set()
    for path in held:
        source = files.root / path
        if source.name == ".gitignore" and (path in before.unread or not source.is_file() or source.is_symlink()):
            unread.add(path)  # a selection in the tree does not read it either
        wanted = includes.match(path) and not excludes.match(path) and not any(map(is_never_shipped, path.split("/")))
        if wanted and path not in released:
            left_out.add(path)
    return SdistRecord(frozenset(left_out), frozenset(unread))
