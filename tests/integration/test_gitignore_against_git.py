"""Compare the rules of ignore files with real git, on generated trees and ignore files."""

from __future__ import annotations

import itertools
import re
import shutil
from typing import NamedTuple

import git_commits
import pytest
from git_support import Git
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.explain import explain
from hatch_tilebox.selection.select import select_files

pytestmark = pytest.mark.needs_tool("git")

EVERYTHING = [Pattern("**")]

names = st.sampled_from(["a", "b", "ab", "abc", "b.a", ".a", "a b", "ä", "a*", "[a]", "!a", "#a", "a\\", "-", "Z", " a"])
wild = """
    * ? ** *** a* *b *.a a? ?b* a**b **b ?? ä* *[ \\ \\a \\* a\\* \\[a\\]
    [ab] [!a] [^b]* [a-c] [c-a]b []a] [!]a] [a [a\\]] [\\a-b] [--b] [a-] [-~] [[:alpha:]] [[:punct:]]* [![:alnum:]]* [[:x:]] [[:a]
"""
segments = st.one_of(names, st.sampled_from(wild.split()))
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
    try:
        return select_files(root, EVERYTHING).files
    except SelectionError as error:
        if "kept out by" not in str(error):
            raise
        return ()


def test_exclude_file_of_the_repository_comes_after_ignore_files(git, tmp_path_factory):
    numbers = itertools.count()
    parent = tmp_path_factory.mktemp("repositories")

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(), ignore_files)
    def compare(case, exclude):
        if known_bug(case._replace(ignore_files={**case.ignore_files, "exclude": exclude}), git.version):
            return
        root = parent / f"repository{next(numbers)}"
        case.write(root)
        shutil.copytree(git.root / ".git", root / ".git")
        (root / ".git/info/exclude").write_bytes(exclude.encode())
        assert [file.path for file in select(root)] == git.files(cwd=root)

    compare()


def test_linked_worktree_shares_the_exclude_file(git, tmp_path):
    main, linked = tmp_path / "main", tmp_path / "linked"
    main.mkdir()
    git.run("init", "-q", cwd=main)
    git_commits.git(main, "commit", "-q", "--allow-empty", "-m", "start")
    git.run("worktree", "add", "-q", str(linked), cwd=main)
    (main / ".git/info/exclude").write_text("*.log\n")
    for name in ("a.py", "a.log"):
        (linked / name).touch()
    assert [file.path for file in select(linked)] == git.files(cwd=linked) == ["a.py"]


def test_links_are_files_for_ignore_rules_and_a_linked_ignore_file_is_not_read(git, tmp_path):
    git.run("init", "-q", cwd=tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.py").touch()
    (tmp_path / "rules").write_text("*.py\n")
    (tmp_path / "real/.gitignore").symlink_to("../rules")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / ".gitignore").write_text("link/\n")
    # git lists the link itself; we take the files under it.
    assert git.files(cwd=tmp_path) == [".gitignore", "link", "real/.gitignore", "real/a.py", "rules"]
    selected = [file.path for file in select(tmp_path)]
    assert selected == [".gitignore", "link/.gitignore", "link/a.py", "real/.gitignore", "real/a.py", "rules"]


def test_what_git_tracks_is_ignored_all_the_same(git, tmp_path):
    """The one difference: git keeps a file that was added before it was ignored. We never ask git."""
    git.run("init", "-q", cwd=tmp_path)
    for name in ("a.log", "b.py"):
        (tmp_path / name).touch()
    (tmp_path / ".gitignore").write_text("*.log\n")
    git.run("add", "-f", "a.log", cwd=tmp_path)
    assert git.files(cwd=tmp_path) == [".gitignore", "a.log", "b.py"]
    assert [file.path for file in select(tmp_path)] == [".gitignore", "b.py"]


@pytest.mark.parametrize("mark", ["", "gitdir: nowhere\n", "gitdir", "\n"])
def test_marker_that_is_no_repository_hides_nothing(tmp_path, mark):
    """uv puts an empty `.git` file into the folders where it builds."""
    (tmp_path / ".git").write_text(mark)
    (tmp_path / "a.py").touch()
    assert [file.path for file in select(tmp_path)] == ["a.py"]


def test_ignore_files_above_the_root_are_not_read(git, tmp_path):
    git.run("init", "-q", cwd=tmp_path)
    root = tmp_path / "workflow"
    root.mkdir()
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / ".git/info/exclude").write_text("*\n")
    (root / "a.py").touch()
    assert git.files(cwd=root) == []
    assert [file.path for file in select(root)] == ["a.py"]
