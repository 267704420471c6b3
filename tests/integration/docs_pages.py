"""What the pages of the documentation tell their reader to type, and what they show of the answer.

A command is

- a line of a `sh`, `bash` or `console` block (in the latter, after `$ `), and a line of a `run` or `script` of a `yaml` block;
- in a sentence, a span of code that begins with one of `PROGRAMS` and is whole: it has more words than the program and its
  subcommand, and none that stands for another, in capitals (`FILE`) or with dots (`0191a2b3-…`). `uv build` alone is a name.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    *("hatch-tilebox", "hatch", "uv", "uvx", "pip", "twine", "keyring"),
    *("hatchling", "build", "hatch_tilebox", "tilebox.workflows.runner"),  # behind `python -m`
}
_FENCE = re.compile(r"^( *)```(\w*)(?: title=\"(.*?)\")?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_BEFORE_PROGRAM = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:uv run )?(?:python3? -m )?")
_STANDS_FOR_ANOTHER = re.compile(r"[A-Z][A-Z_-]*(=VALUE)?|.*(…|\.\.\.).*")


@dataclass(frozen=True)
class Step:
    """A "command" for a shell, or an "output", what the commands before it print; "text" is one only where a page says so."""

    kind: str
    text: str
    shell: str = "bash"


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its title (mostly a file), its text."""

    language: str
    title: str
    text: str


def pages() -> list[str]:
    """All pages, relative to the root of the repository."""
    return sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks(page: str, language: str) -> list[Block]:
    """The blocks of one language on a page."""
    found = (_block(match) for match in _FENCE.finditer((ROOT / page).read_text("utf-8")))
    return [block for block in found if block.language == language]


def steps(page: str) -> list[Step | Block]:
    """What a reader of the page does, in its order, and blocks with a title, which are files to write.

    What a sentence repeats, of another or of a block, is left out.
    """
    text = (ROOT / page).read_text("utf-8")
    found: list[tuple[Step | Block, bool]] = []
    end = 0
    for match in [*_FENCE.finditer(text), None]:
        found += [(step, True) for step in _calls(text[end : match.start() if match else None])]
        if match:
            found += [(step, False) for step in _from_block(_block(match))]
            end = match.end()
    told = {step.text for step, in_sentence in found if not in_sentence}
    result = []
    for step, in_sentence in found:
        if not in_sentence or step.text not in told:
            result.append(step)
            told.add(step.text)
    return result


def has_commands(page: str) -> bool:
    """Whether there is something to type."""
    return any(step.kind == "command" for step in steps(page) if isinstance(step, Step))


def _calls(prose: str) -> list[Step]:
    spans = (" ".join(match[1].split()) for match in _SPAN.finditer(prose))
    return [Step("command", span) for span in spans if _is_whole_call(span)]


def _is_whole_call(span: str) -> bool:
    try:
        words = shlex.split(_BEFORE_PROGRAM.sub("", span))
    except ValueError:
        return False
    return len(words) > 2 and words[0] in PROGRAMS and not any(map(_STANDS_FOR_ANOTHER.fullmatch, words))


def _block(match: re.Match[str]) -> Block:
    indent, language, title, text = match.groups()
    return Block(language, title or "", re.sub(f"^{indent}", "", text, flags=re.MULTILINE))


def _from_block(block: Block) -> list[Step | Block]:
    if block.language in {"sh", "bash"}:
        shell, colon, _ = block.title.partition(":")
        lines = block.text.replace("\\\n", " ").splitlines()
        return [Step("command", _without_remark(line), shell if colon else "bash") for line in lines]
    if block.language == "console":
        parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)[1:]
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return [step for command, shown in pairs for step in (Step("command", command), Step("output", shown)) if step.text]
    if block.language == "yaml":
        return [Step("command", line) for line in _scripts(yaml.safe_load(block.text))]
    if block.language == "text" and not block.title:
        return [Step("text", block.text)]
    return [block] if block.title else []


def _without_remark(line: str) -> str:
    return re.sub(r" +# .*$", "", line)


def _scripts(value: object) -> list[str]:
    """The lines of every `run` and `script`."""
    if isinstance(value, list):
        return [line for item in value for line in _scripts(item)]
    if not isinstance(value, dict):
        return []
    lines = []
    for key, item in value.items():
        if key in {"run", "script"}:
            lines += item.splitlines() if isinstance(item, str) else item
        else:
            lines += _scripts(item)
    return lines
