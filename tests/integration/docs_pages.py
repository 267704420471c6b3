"""The commands in the documentation, and the output that it shows.

A command is

- a line of a `sh`, `bash` or `console` block (in the latter, after `$ `), and a line of a `run` or `script` of a `yaml` block;
- in a sentence, a span of code that begins with one of `PROGRAMS` and is whole: it has more words than the program and its
  subcommand, and none that stands for another, in capitals (`FILE`) or with dots (`0191a2b3-…`). `uv build` alone is a name.

What is printed stands in a `console` block, or in a `text` block right below one of `sh`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    *("hatch-tilebox", "hatch", "uv", "uvx", "pip", "twine", "keyring", "oras", "docker"),
    *("hatchling", "build", "hatch_tilebox", "tilebox.workflows.runner"),  # behind `python -m`
}
SHELLS = {"sh", "bash"}
LANGUAGES = {*SHELLS, "console", "yaml", "text", "toml", "python", "json"}
_FENCE = re.compile(r"^( *)```(\w*)(?: title=\"(.*?)\")?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_BEFORE_PROGRAM = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:uv run )?(?:python3? -m )?")
_STANDS_FOR_ANOTHER = re.compile(r"[A-Z][A-Z_-]*(=VALUE)?|.*(…|\.\.\.).*")


@dataclass(frozen=True)
class Step:
    """A command for a shell, or, with an empty `shell`, the expected output of the commands before it."""

    text: str
    shell: str = "bash"


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its title (mostly a file), its text."""

    language: str
    title: str
    text: str

    def write(self, folder: Path) -> None:
        """Write the file that the title names."""
        path = folder / self.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text, "utf-8")


def pages() -> list[str]:
    """All pages, relative to the root of the repository."""
    return sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks(page: str, language: str) -> list[Block]:
    """The blocks of one language on a page."""
    found = (_block(match) for match in _FENCE.finditer((ROOT / page).read_text("utf-8")))
    return [block for block in found if block.language == language]


def commands(page: str, beginning: str = "") -> list[Step]:
    """The commands of a page that begin with `beginning`."""
    return [step for step in steps(page) if isinstance(step, Step) and step.shell and step.text.startswith(beginning)]


def write_files(page: str, folder: Path) -> None:
    """Write the blocks with a title, which are files, below a folder."""
    for block in steps(page):
        if isinstance(block, Block):
            block.write(folder)


def steps(page: str) -> list[Step | Block]:
    """The commands and outputs of a page in order, and its blocks with a title, which are files.

    What a sentence repeats, of another or of a block, is left out.
    """
    text = (ROOT / page).read_text("utf-8")
    found: list[tuple[Step | Block, bool]] = []
    end, language = 0, ""
    for match in [*_FENCE.finditer(text), None]:
        prose = text[end : match.start() if match else None]
        found += [(step, True) for step in _calls(prose)]
        if match:
            block, below_shell = _block(match), language in SHELLS and not prose.strip()
            assert block.language in LANGUAGES, f"{page}: a block of {block.language or 'no language'}: what is to be done with it?"
            found += [(step, False) for step in _from_block(block, below_shell=below_shell)]
            end, language = match.end(), block.language
    told = {step.text for step, in_sentence in found if not in_sentence}
    result = []
    for step, in_sentence in found:
        if not in_sentence or step.text not in told:
            result.append(step)
            told.add(step.text)
    return result


def _calls(prose: str) -> list[Step]:
    spans = (" ".join(match[1].split()) for match in _SPAN.finditer(prose))
    return [Step(span) for span in spans if _is_whole_call(span)]


def _is_whole_call(span: str) -> bool:
    try:
        words = shlex.split(_BEFORE_PROGRAM.sub("", span))
    except ValueError:
        return False
    return len(words) > 2 and words[0] in PROGRAMS and not any(map(_STANDS_FOR_ANOTHER.fullmatch, words))


def _block(match: re.Match[str]) -> Block:
    indent, language, title, text = match.groups()
    return Block(language, title or "", re.sub(f"^{indent}", "", text, flags=re.MULTILINE))


def _from_block(block: Block, *, below_shell: bool) -> list[Step | Block]:
    if block.language in SHELLS:
        shell, colon, _ = block.title.partition(":")
        lines = block.text.replace("\\\n", " ").splitlines()
        return [Step(_without_remark(line), shell if colon else "bash") for line in lines]
    if block.language == "console":
        parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)[1:]
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return [step for command, shown in pairs for step in (Step(command), Step(shown, "")) if step.text]
    if block.language == "yaml":
        return [Step(line) for line in _scripts(yaml.safe_load(block.text))]
    if block.language == "text" and below_shell:
        return [Step(block.text, "")]
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
