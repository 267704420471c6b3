"""`.gitignore` files, read and matched as git does.

git compares bytes, so `?` is one byte here too, and so are the ends of a range. pathspec 1.1 is not used: over the cases of
`tests/integration/test_gitignore_against_git.py`, which compares us with real git, it refused a line that git accepts in one of six
and chose other files in one of thirty. Source of the rules: gitignore(5) and the behaviour of git.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.selection.patterns.wildmatch import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["IgnoreFile", "IgnoreRule", "repository_exclude_file", "spelled"]

_BOM = b"\xef\xbb\xbf"
_NOTHING = r"(?!)"  # what git takes a malformed glob to match
_SPECIAL = re.compile(r"[*?\[\\]")
_ENDING = re.compile(r"\*[^*?\[\\]*", re.DOTALL)


def spelled(path: str) -> str:
    """The bytes of a path, each as one character: what ignore files are matched with."""
    return path if path.isascii() else path.encode("utf-8", sys.getfilesystemencodeerrors()).decode("latin-1")


class IgnoreRule(NamedTuple):
    """One line of an ignore file. `text` is the line as it is written, `source` the file's path as a user would say it.

    `glob` is what is left of it without its marks. A `basename` rule is compared with names, another one with paths. Nearly all
    globs are a `literal` or, for names, a star and an `ending`; only others need a regular expression, which takes long to make.
    """

    source: str
    line: int
    text: str
    negated: bool
    folders_only: bool
    basename: bool
    glob: str
    literal: str | None
    ending: str | None

    def matches(self, path: str) -> bool:
        """Whether the rule matches the path relative to the folder of its file."""
        text = path[path.rfind("/") + 1 :] if self.basename else path
        if self.literal is not None:
            return text == self.literal
        if self.ending is not None:
            return text.endswith(self.ending)
        return _compiled(self.glob).fullmatch(text) is not None

    def may_match_at(self, depth: int) -> bool:
        """Whether the rule may match something that lies `depth` folders below the one of the ignore file."""
        uncertain = "**" in self.glob or "[" in self.glob  # a slash in brackets separates nothing
        return self.basename or uncertain or self.glob.count("/") == depth


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob) or _NOTHING, re.DOTALL)


class _AnyRule:
    """Finds names that one of `rules` may match. Nearly all names match none."""

    def __init__(self, rules: list[IgnoreRule]) -> None:
        self._literals = frozenset(rule.literal for rule in rules if rule.literal is not None)
        self._endings = tuple({rule.ending for rule in rules if rule.ending is not None})
        others = [translate(rule.glob) or _NOTHING for rule in rules if rule.literal is None and rule.ending is None]
        self._regex = re.compile("|".join(f"(?:{pattern})" for pattern in others), re.DOTALL) if others else None

    def among(self, names: Sequence[str], prefix: str = "") -> list[str]:
        """Those of `names` that with `prefix` before them match a rule."""
        found = []
        if self._literals or self._endings:
            literals, endings = self._literals, self._endings
            found = [name for name in names if prefix + name in literals or name.endswith(endings)]
        if self._regex is not None:
            matches = self._regex.fullmatch
            found += [name for name in names if matches(prefix + name)]
        return found


class IgnoreFile:
    """The rules of one ignore file; they hold for paths under the folder it stands in. All paths are `spelled`."""

    def __init__(self, content: bytes, source: str) -> None:
        parsed = (_parse(line, number, source) for number, line in enumerate(_lines(content), 1))
        rules = [rule for rule in parsed if rule is not None]
        self._rules = rules[::-1]
        self._any_name = _AnyRule([rule for rule in rules if rule.basename])
        self._any_path: dict[int, _AnyRule] = {}

    def candidates(self, folder: str, names: Sequence[str]) -> list[str]:
        """Those of `names`, entries of `folder`, that a rule may match. `folder` is empty or ends with a slash."""
        depth = folder.count("/")
        if depth not in self._any_path:
            self._any_path[depth] = _AnyRule([rule for rule in self._rules if not rule.basename and rule.may_match_at(depth)])
        return self._any_name.among(names) + self._any_path[depth].among(names, folder)

    def match(self, path: str, *, is_folder: bool) -> IgnoreRule | None:
        """The last rule that matches, None where none does. `path` is relative to the ignore file's folder.

        A rule for folders only does not match a link to a folder: pass `is_folder=False` for one.
        """
        for rule in self._rules:
            if (is_folder or not rule.folders_only) and rule.matches(path):
                return rule
        return None

    @classmethod
    def read(cls, path: str, source: str, *, follow: bool = False) -> IgnoreFile | None:
        """The ignore file at `path`, None where there is no regular one. Like git, a `.gitignore` that is a link is not read.

        Raises OSError where it is there and cannot be read.
        """
        if not os.path.isfile(path) or (os.path.islink(path) and not follow):
            return None
        with open(path, "rb") as file:
            return cls(file.read(), source)


def repository_exclude_file(root: str) -> str | None:
    """`info/exclude` of the repository whose `.git` stands in `root` itself, None where there is no such repository.

    In a linked worktree or a submodule `.git` is a file that names the folder. Whatever else it may be (uv puts an empty file
    there to stop a search for repositories) is no repository.
    """
    folder = os.path.join(root, ".git")
    if os.path.isfile(folder):
        pointer = _first_line(folder)
        if not pointer.startswith("gitdir: "):
            return None
        folder = os.path.join(root, pointer[len("gitdir: ") :])
        folder = os.path.join(folder, _first_line(os.path.join(folder, "commondir")))
    path = os.path.join(folder, "info", "exclude")
    return path if os.path.isfile(path) else None


def _first_line(path: str) -> str:
    if not os.path.isfile(path):  # a pipe would hold up the build
        return ""
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.readline(4096).rstrip(b"\r\n"))
    except OSError:
        return ""


def _lines(content: bytes) -> list[bytes]:
    lines = content.removeprefix(_BOM).split(b"\n")
    # git looks for the carriage return of a line end only, and reads C strings.
    return [line.removesuffix(b"\r").split(b"\0")[0] for line in lines]


def _parse(line: bytes, number: int, source: str) -> IgnoreRule | None:
    if line.startswith(b"#"):
        return None
    glob = _without_trailing_spaces(line.decode("latin-1"))
    negated = glob.startswith("!")
    glob = glob[negated:]
    folders_only = glob.endswith("/")
    glob = glob.removesuffix("/")
    basename = "/" not in glob
    glob = glob.removeprefix("/")
    if not glob:
        return None
    text = line.decode("utf-8", "replace")
    literal = None if _SPECIAL.search(glob) else glob
    ending = glob[1:] if basename and _ENDING.fullmatch(glob) else None
    return IgnoreRule(source, number, text, negated, folders_only, basename, glob, literal, ending)


def _without_trailing_spaces(text: str) -> str:
    """Spaces at the end do not count, unless a backslash stands before them; tabs do count."""
    kept = text.rstrip(" ")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return text[: len(kept) + 1] if backslashes % 2 and len(kept) < len(text) else kept
