"""Read the registry of codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ENTRY = re.compile(r"^## (TBX\d{3}): (.+)\n\n", re.MULTILINE)
_SEE = re.compile(r"\*\*See:\*\* \[(.+)\]\((.+)\)")


@dataclass(frozen=True)
class Code:
    """A kind of error or warning.

    Attributes:
        name: The code, such as "TBX012". It never changes its meaning.
        title: The kind, in a few words.
        explanation: What it means, in Markdown.
        fix: What to do about it, in Markdown.
        group: The title of the group that it belongs to.
        see: The title and path of a page of the documentation, None if there is none.

    """

    name: str
    title: str
    explanation: str
    fix: str
    group: str
    see: tuple[str, str] | None


@cache
def all_codes() -> tuple[Code, ...]:
    """Return all codes, in their order."""
    pages = sorted((page for page in files(__package__).iterdir() if page.name.endswith(".md")), key=lambda page: page.name)
    return tuple(code for page in pages for code in _read(page.read_text("utf-8")))


def find_code(text: str) -> Code | None:
    """Return the code that `text` names, in any case and with or without "TBX" and zeros; None if there is none."""
    match = re.fullmatch(r"(?:tbx)?0*(\d{1,3})", text.strip(), re.IGNORECASE | re.ASCII)
    name = f"TBX{int(match[1]):03}" if match else None
    return next((code for code in all_codes() if code.name == name), None)


def _read(text: str) -> list[Code]:
    """Return the codes of one page of the registry."""
    head, *parts = _ENTRY.split(text)
    group, found = head.strip().removeprefix("# "), []
    for name, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        see = _SEE.search(body)
        explanation, _, fix = body[: see.start() if see else None].partition("**Fix:** ")
        found.append(Code(name, title, explanation.strip(), fix.strip(), group, (see[1], see[2]) if see else None))
    return found
