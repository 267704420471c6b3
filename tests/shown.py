"""What commands and frontends print, in a form that is easy to compare."""

from __future__ import annotations

import re

_DIAGNOSTIC = re.compile(r"^( *)(error|warning)\[(TBX\d{3})\]: (.*)\n(?:\s+--> (.*)\n)?", re.MULTILINE)


def flat(output: str) -> str:
    """Return `output` with each message in one line, as `error: PLACE: MESSAGE`, and without codes."""
    return _DIAGNOSTIC.sub(lambda match: f"{match[1]}{match[2]}: {match[5] + ': ' if match[5] else ''}{match[4]}\n", output)
