"""Problems as people read them: code, message, place, source line and help, as compilers and linters show them.

error[TBX012]: unknown key "slog"
 --> tilebox.workflow.toml:2:1
  |
2 | slog = "my-workflow"
  | ^^^^
  |
help: did you mean "slug"?
"""

from __future__ import annotations

import os
import re
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.paths import shortest_path
from hatch_tilebox.core.printable import cell_width, printable
from hatch_tilebox.core.progress import quantity
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_tilebox.core.errors import Location, Problem

SHOWS_NO_SOURCE = frozenset({"TBX110", "TBX018"})
"""Codes of problems about secrets, whose source line is not shown."""

_WIDTH = 100
"""The longest part of a source line that is shown, in columns."""

_KEPT_FOLDERS = 4
_WORD = r"""(?s)\w[\w.-]*|"(?:\\.|[^"\\])*"|'[^']*'|."""
_FOLDERS: ContextVar[tuple[Path, ...]] = ContextVar("folders of the project", default=())


class Part(NamedTuple):
    """A part of a line. `style` is "error", "warning", "note", "help", "place" or "dim", "" for plain text."""

    text: str
    style: str = ""


def look_in(folder: Path) -> None:
    """Look for the files that problems name in `folder` too, before earlier folders."""
    _FOLDERS.set((folder, *(known for known in _FOLDERS.get() if known != folder))[:_KEPT_FOLDERS])


def find_file(location: Location) -> Path | None:
    """Return the file of a place, None if it is not on this machine.

    A relative path with a line belongs to a project: without one, it is in a release, and not below the working directory.
    """
    here: tuple[Path, ...] = () if location.line and not os.path.isabs(location.path) else (Path(),)  # noqa: PTH117 -- raises nothing
    for folder in (*_FOLDERS.get(), *here):
        path = folder / location.path
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):  # a name that is too long, or with a NUL
            return None
    return None


def shown_place(location: Location) -> str:
    """Return a place with the path of its file from the working directory, so that terminals and editors can open it."""
    path = find_file(location)
    if path is None:
        return printable(str(location))
    return printable(str(location._replace(path=shortest_path(path).replace(os.sep, "/"))))


def diagnostic(problem: Problem, level: str) -> list[list[Part]]:
    """Return the lines of a problem, safe to show. `level` is "error", "warning" or "note"."""
    shown = problem.shown
    code = f"[{shown.code}]" if shown.code else ""
    lines = [[Part(f"{level}{code}", level), Part(f": {shown.message}")]]
    place = problem.location
    source = _source(place) if place and problem.code not in SHOWS_NO_SOURCE else None
    if place:
        margin = " " * len(str(place.line)) if source else " "
        lines.append([Part(f"{margin}--> ", "place"), Part(shown_place(place))])
        lines += _snippet(place.line, *source, level) if source else []
    if shown.details:
        lines += [[Part(f"  | {line}".rstrip(), "dim")] for line in shown.details.splitlines()]
    if shown.hint:
        first, *more = shown.hint.splitlines()
        lines.append([Part("help", "help"), Part(f": {first}")])
        lines += [[Part(f"      {line}".rstrip())] for line in more]
    return lines


def plain_text(lines: Iterable[Iterable[Part]]) -> str:
    """Return lines without styles, as one text."""
    return "\n".join("".join(part.text for part in line) for line in lines)


def found(errors: int, warnings: int, fixable: int = 0) -> str:
    """Return the last line of a report: `Found 8 errors, 3 warnings (2 fixable with check --fix)`."""
    counts = [quantity(count, name) for count, name in ((errors, "error"), (warnings, "warning")) if count]
    return f"Found {', '.join(counts)}" + (f" ({fixable} fixable with check --fix)" if fixable else "")


def counted(errors: Sequence[Problem]) -> str:
    """Return the last line about the errors of a command, "" for a single one that has to be fixed by hand."""
    fixable = sum(problem.fix is not None for problem in errors)
    return found(len(errors), 0, fixable) if len(errors) > 1 or fixable else ""


def _snippet(number: int, before: str, marked: str, after: str, level: str) -> list[list[Part]]:
    margin = " " * len(str(number))
    bar = [Part(f"{margin} |", "place")]
    marks = " " * cell_width(before) + "^" * max(cell_width(marked), 1)
    line = [Part(f"{number} |", "place"), Part(f" {before}{marked}{after}".rstrip())]
    return [bar, line, [*bar, Part(f" {marks}", level)], bar]


def _source(location: Location) -> tuple[str, str, str] | None:
    """Return the source line of a place, as its parts before, at and after the place; None if there is none to show."""
    path = find_file(location) if location.line else None
    if path is None:
        return None
    try:
        lines = read_text(path, allow_mark=True).split("\n")
    except (UnreadableTextError, OSError):
        return None
    if location.line > len(lines) or not lines[location.line - 1].strip():
        return None
    return _cut(*_marked(lines[location.line - 1].rstrip("\r"), location.column))


def _marked(line: str, column: int) -> tuple[str, ...]:
    """Return the parts of `line` before, at and after the place, safe to show: without a column, all of it is the place."""
    if column and hide_logins(line) == line:
        start = min(column - 1, len(line))
        match = re.compile(_WORD).match(line, start)
        end = match.end() if match else start
    else:
        line = hide_logins(line)
        start, end = len(line) - len(line.lstrip()), len(line)
    return tuple(printable(part.replace("\t", "    ")) for part in (line[:start], line[start:end], line[end:]))


def _cut(before: str, at: str, after: str) -> tuple[str, str, str]:
    """Return the three parts of a line, cut to the length that is shown, with the place in it."""
    if cell_width(at) > _WIDTH // 2:
        at, after = _start(at, _WIDTH // 2) + "…", ""
    left = _WIDTH // 3
    if cell_width(before) + cell_width(at) + cell_width(after) > _WIDTH and cell_width(before) > left:
        before = "…" + _start(before[::-1], left)[::-1]
    room = _WIDTH - cell_width(before) - cell_width(at)
    return before, at, after if cell_width(after) <= room else _start(after, room - 1) + "…"


def _start(text: str, width: int) -> str:
    """Return the longest start of `text` that is at most `width` columns wide."""
    used = 0
    for index, character in enumerate(text):
        used += cell_width(character)
        if used > width:
            return text[:index]
    return text
