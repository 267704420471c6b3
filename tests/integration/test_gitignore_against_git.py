"""Our reading of ignore files against real git, on generated trees and generated ignore files."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from hatch_tilebox.model import Pattern
from hatch_tilebox.selection import explain, select_files

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

EVERYTHING = [Pattern("**")]
ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

names = st.sampled_from(["a", "b", "ab", "abc", "b.a", ".a", "a b", "ä", "a*", "[a]", "!a", "#a", "a\\", "-", "Z", " a"])
segments = st.one_of(
    names,
    st.sampled_from([
        "*", "?", "**", "***", "a*", "*b", "*.a", "a?", "?b*", "a**b", "**b", "[ab]", "[!a]", "[^b]*", "[a-c]", "[c-a]b", "[]a]", "[!]a]",
        "[[:alpha:]]", "[[:punct:]]*", "[![:alnum:]]*", "[[:x:]]", "[a", "[a\\]]", "[\\a-b]", "[--b]", "[[:a]", "\\a", "\\*", "a\\*", "\\",
        "??", "[ -~]", "[a-]", "\\[a\\]", "*[", "ä*",
    ]),
)  # fmt: skip
structured = st.builds(
    lambda negated, rooted, parts, folder, end: negated + rooted + "/".join(parts) + folder + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(segments, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "//"]),
    st.sampled_from(["", "", "", " ", "  ", "\\ ", "\\\\ ", "\t", "\r", " \r", "\0", "\0a"]),
)
lines = st.one_of(structured, structured, st.text("ab/*?[]!\\ #-^:.ä\t", max_size=8))
ignore_files = st.builds(
    lambda bom, content, end: bom + "\n".join(content) + end,
    st.sampled_from(["", "", "", "\ufeff"]),
    st.lists(lines, min_size=1, max_size=5),
    st.sampled_from(["", "\n", "\r\n"]),
)
paths = st.lists(names, min_size=1, max_size=4)


class Case(NamedTuple):
    """A tree: the files of a project, and the ignore file of each folder that has one."""

    files: list[str]
    ignore_files: dict[str, str]

    def write(self, root):
        for path in self.files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        for folder, content in self.ignore_files.items():
            (root / folder / ".gitignore").write_bytes(content.encode())


@st.composite
def cases(draw):
    tree: dict = {}
    for parts in draw(st.lists(paths, min_size=1, max_size=10)):
        node = tree
        for part in parts:
            node = node.setdefault(part, {})
    files = sorted(_leaves(tree, ""))
    folders = sorted({"", *(str(parent) for path in files for parent in _parents(path))})
    chosen = draw(st.dictionaries(st.sampled_from(folders), ignore_files, min_size=1, max_size=3))
    return Case(files, chosen)


def _leaves(tree, prefix):
    for name, below in tree.items():
        if below:
            yield from _leaves(below, f"{prefix}{name}/")
        else:
            yield prefix + name


def _parents(path):
    parts = path.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


class Git:
    """A repository, and one `git check-ignore` process that answers about any number of paths in it."""

    def __init__(self, root):
        self.root = root
        self.env = {**os.environ, **ISOLATED}
        self.run("init", "-q")
        self.version = tuple(int(part) for part in re.findall(r"\d+", self.run("version"))[:2])
        command = ["git", "-c", "core.excludesFile=", "check-ignore", "--stdin", "-z", "-v", "-n", "--no-index"]
        self._process = subprocess.Popen(command, cwd=root, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, *arguments, cwd=None):
        command = ["git", "-c", "core.excludesFile=", *arguments]
        done = subprocess.run(command, cwd=cwd or self.root, env=self.env, check=True, capture_output=True)
        return done.stdout.decode()

    def ignoring_line(self, path):
        """The ignore file and line that ignore `path`, None where it is not ignored."""
        self._process.stdin.write(path.encode() + b"\0")
        self._process.stdin.flush()
        source, line, pattern, _ = (self._read_field() for _ in range(4))
        return None if not source or pattern.startswith("!") else (source, int(line))

    def files(self, cwd=None):
        """All files that git would track; all that it tracks are among them, as nothing is ever added."""
        listed = self.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=cwd)
        return sorted(filter(None, listed.split("\0")))

    def _read_field(self):
        return b"".join(iter(lambda: self._process.stdout.read(1), b"\0")).decode()

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def git(tmp_path_factory):
    git = Git(tmp_path_factory.mktemp("repository"))
    yield git
    git.close()


def known_bug(case, version):
    """Before 2.52, git takes `a**/b` for `a` followed by `**/b`, against its own manual; we follow the manual."""
    return version < (2, 52) and any(re.search(r"(?m)^[^*?\[\\\n]*[^*?\[\\\n/!]\*\*", text) for text in case.ignore_files.values())


def test_every_file_is_ignored_by_the_line_that_git_names(git):
    number = itertools.count()

    @settings(max_examples=2500, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def compare(case):
        if known_bug(case, git.version):
            return
        name = f"case{next(number)}"
        case.write(git.root / name)
        ours, theirs = {}, {}
        for path in case.files:
            explanation = explain(git.root / name, EVERYTHING, [], path)
            ignored = explanation.rule is not None and explanation.location
            ours[path] = (f"{name}/{ignored.path}", ignored.line) if ignored else None
            theirs[path] = git.ignoring_line(f"{name}/{path}")
        note(f"{ours=} {theirs=}")
        assert ours == theirs
        selected = [file.path for file in select(git.root / name) if not file.path.endswith(".gitignore")]
        assert selected == sorted(path for path in case.files if theirs[path] is None)

    compare()
    assert next(number) >= 2000
    listed = git.files()
    ours = [f"{root.name}/{file.path}" for root in git.root.glob("case*") for file in select(root)]
    assert sorted(ours) == listed


def select(root):
    from hatch_tilebox.errors import SelectionError

    try:
        return select_files(root, EVERYTHING).files
    except SelectionError as error:
        assert "kept out by" in str(error), error
        return ()
