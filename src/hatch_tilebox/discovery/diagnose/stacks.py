"""Format the stacks that Python's faulthandler writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.discovery.diagnose.context import Paths

FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<name>.+)$', re.MULTILINE)
LIMIT = 10


def describe_stack(text: str, paths: Paths) -> tuple[str | None, Location | None]:
    """The stack of the thread that runs code of the project, and its innermost place in the project.

    The stack has the frames in the project, outermost first, and then the call that does not return. Both are None if `text` does
    not contain such a stack.
    """
    for block in re.split(r"\n\s*\n|(?=^(?:Current t|T)hread 0x)", text, flags=re.MULTILINE):
        frames = [(match["file"], int(match["line"]), match["name"]) for match in FRAME.finditer(block)]
        own = [(i, path) for i, (file, _, _) in enumerate(frames) if (path := paths.relative(file)) is not None]
        if not own:
            continue
        innermost, where = own[0]
        lines = []
        for i, path in reversed(own[:LIMIT]):
            _, number, name = frames[i]
            lines.append(f'File "{path}", line {number}, in {name}')
            if source := _source(paths.project / path, number):
                lines.append(f"  {source}")
        if innermost:
            file, number, name = frames[0]
            lines.append(f"inside {name} ({paths.clean(file)}:{number})")
        return "\n".join(lines), Location(where, frames[innermost][1])
    return None, None


def _source(path: Path, number: int) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[number - 1].strip()
    except (OSError, IndexError):
        return None
