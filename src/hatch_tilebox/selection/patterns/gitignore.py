"""`.gitignore` files, read and matched as git does.

pathspec matches, decides between the lines and names the deciding line. Its own gitignore patterns differ from git in places, so
each line is translated here, by a pattern class that is registered with pathspec. Source of the rules: gitignore(5) and the
behaviour of git. Two tests compare the result with real git, one on generated files, one on common idioms.

git compares bytes: `?` is one byte, and so are the ends of a range. Lines and paths are therefore matched as Latin-1 text, one
character for each byte.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from pathspec import PathSpec, RegexPattern
from pathspec.util import register_pattern

from hatch_tilebox.selection.patterns.wildmatch import NameFilter, last_part, translate

_PATTERN = "hatch-tilebox-gitignore"
_BOM = b"\xef\xbb\xbf"


class IgnoreRule(NamedTuple):
    """The line of an ignore file that decides about a path: `text` as written, `source` the path of the file."""

    source: str
    line: int
    text: str
    negated: bool


class _Line(NamedTuple):
    """A line without its marks. With `basename` the glob is compared with the name of an entry, otherwise with its path."""

    glob: str
    negated: bool
    folders_only: bool
    basename: bool


class GitIgnorePattern(RegexPattern):
    """One line of an ignore file. It matches paths as `matched_text` gives them; folders end with a slash."""

    @classmethod
    def pattern_to_regex(cls, pattern: str) -> tuple[str | None, bool | None]:  # type: ignore[override] # lines are text here
        """Return the regular expression, and whether it ignores (True) or includes again (False); None for lines without effect."""
        line = _parse(pattern)
        regex = line and translate(line.glob)
        if line is None or regex is None:  # git lets a malformed glob match nothing
            return None, None
        start = "(?:.*/)?" if line.basename else ""
        # Without the lookbehind `logs/*` would match `logs/`, the folder itself.
        end = "(?<!/)/" if line.folders_only else "(?<!/)/?"
        return rf"(?s)\A{start}{regex}{end}\Z", not line.negated


register_pattern(_PATTERN, GitIgnorePattern, override=True)


class IgnoreFile:
    """The lines of one ignore file. Paths are relative to its folder, and given as `matched_text` returns them."""

    def __init__(self, content: bytes, source: str) -> None:
        self._source = source
        self._lines = _lines(content)
        texts = [line.decode("latin-1") for line in self._lines]
        # from_lines drops empty lines, and other backends do not know lookarounds.
        self._spec = PathSpec.from_lines(_PATTERN, [text or "#" for text in texts], backend="simple")
        self._names = NameFilter(last_part(line.glob) for line in map(_parse, texts) if line is not None)

    def candidates(self, names: list[str]) -> list[str]:
        """Return those of `names`, entries of one folder, that a line may match."""
        return self._names.among(names)

    def match(self, path: str, *, is_folder: bool) -> IgnoreRule | None:
        """Return the last line that matches, None where none does. git takes a link to a folder for a file."""
        result = self._spec.check_file(f"{path}/" if is_folder else path, separators=())
        if result.index is None:
            return None
        text = self._lines[result.index].decode("utf-8", "replace")
        return IgnoreRule(self._source, result.index + 1, text, not result.include)

    @classmethod
    def read(cls, path: str, source: str, *, follow: bool = False) -> IgnoreFile | None:
        """Return the ignore file at `path`, None where there is no regular file, or a link to one without `follow`.

        Raises OSError where it cannot be read.
        """
        if not os.path.isfile(path) or (os.path.islink(path) and not follow):
            return None
        with open(path, "rb") as file:
            return cls(file.read(), source)


def matched_text(path: str) -> str:
    """Return `path` as ignore files match it: each byte as one character."""
    return path if path.isascii() else path.encode("utf-8", sys.getfilesystemencodeerrors()).decode("latin-1")


def repository_exclude_file(root: str) -> str | None:
    """Return the path of `info/exclude` of the repository whose `.git` is in `root` itself, None where `.git` names no repository.

    In a linked worktree or a submodule `.git` is a file that names the folder. Any other file, such as the empty one that uv
    creates to stop a search for repositories, is not a repository.
    """
    folder = os.path.join(root, ".git")
    if os.path.isfile(folder):
        pointer = _first_line(folder)
        if not pointer.startswith("gitdir: "):
            return None
        folder = os.path.join(root, pointer[len("gitdir: ") :])
        folder = os.path.join(folder, _first_line(os.path.join(folder, "commondir")))
    return os.path.join(folder, "info", "exclude")


def _first_line(path: str) -> str:
    if not os.path.isfile(path):  # opening a pipe would block the build
        return ""
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.readline(4096).rstrip(b"\r\n"))
    except OSError:
        return ""


def _lines(content: bytes) -> list[bytes]:
    # git removes a carriage return at the end of a line only, and reads lines as C strings, which end at a NUL.
    return [line.removesuffix(b"\r").split(b"\0")[0] for line in content.removeprefix(_BOM).split(b"\n")]


def _parse(line: str) -> _Line | None:
    """Return the parts of a line, None for a comment and for a line without a glob."""
    if line.startswith("#"):
        return None
    glob = _without_trailing_spaces(line)
    negated = glob.startswith("!")
    glob = glob[negated:]
    folders_only = glob.endswith("/")
    glob = glob.removesuffix("/")
    basename = "/" not in glob
    glob = glob.removeprefix("/")
    return _Line(glob, negated, folders_only, basename) if glob else None


def _without_trailing_spaces(text: str) -> str:
    """Return `text` without the spaces at its end, up to one that a backslash escapes; tabs stay."""
    kept = text.rstrip(" ")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return text[: len(kept) + 1] if backslashes % 2 and len(kept) < len(text) else kept
