"""Patterns of `include` and `exclude`, from the table in the documentation."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_tilebox.core.errors import Location, SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.patterns.globs import GlobSet, escape, normalize

REFERENCE = Path(__file__, "../../../../../docs/reference/globs.md").resolve()
ROWS = re.findall(r"^\| `(.+?)` \| `(.+?)` \| (yes|no) \|$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)


def matches(glob, path):
    """Whether the glob matches, with a walk that opens only folders in reach."""
    globs = GlobSet([Pattern(glob)])
    state = globs.start
    *folders, name = path.split("/")
    for folder in folders:
        state = globs.enter(state, folder)
    matched = globs.match(path)
    assert globs.matches(path) == ([0] if matched else [])
    assert state or not matched
    assert matched is bool(globs.covering(state) or (matched and globs.candidates([normalize(name)])))
    return matched


def test_reference_has_the_table():
    assert len(ROWS) > 25


@pytest.mark.parametrize(("glob", "path", "expected"), ROWS, ids=[f"{glob} {path}" for glob, path, _ in ROWS])
def test_pattern_matches_as_the_reference_says(glob, path, expected):
    assert matches(glob, path) is (expected == "yes")


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_unicode_form_does_not_matter(forms):
    glob, path = (unicodedata.normalize(form, "café/**/é?.py") for form in forms)
    assert glob != path
    assert matches(glob, path.replace("**", "x").replace("?", "ü"))
    assert matches("caf?/*", unicodedata.normalize("NFD", "café/a"))


@pytest.mark.parametrize(
    ("glob", "reason"),
    [
        ("", "is empty"),
        ("/pkg/**", "is absolute"),
        ("C:/pkg/**", "is absolute"),
        ("C:\\pkg", "is absolute"),
        ("{a,/etc}/*", "is absolute"),
        ("../pkg/**", "leaves the root"),
        ("pkg/../../x", "leaves the root"),
        ("{pkg,..}/x", "leaves the root"),
        ("a[b", "a `[` is not closed"),
        ("a[b/c]", "a `[` is not closed"),
        ("[[:nothing:]]", "is malformed"),
        ("a{b", "a `{` is not closed"),
        ("a}b", "a `}` closes nothing"),
        ("a\\", "a `\\` ends the pattern"),
        ("{a,b}" * 10, "more than 1000 alternatives"),
    ],
)
def test_malformed_pattern_is_refused_where_it_is_written(glob, reason):
    with pytest.raises(SelectionError) as caught:
        GlobSet([Pattern("fine"), Pattern(glob, lambda: Location("tilebox.workflow.toml", 7, 3))])
    assert str(caught.value).startswith(f'tilebox.workflow.toml:7:3: "{glob}" ')
    assert reason in str(caught.value)


def test_all_malformed_patterns_are_reported_together():
    with pytest.raises(SelectionError) as caught:
        GlobSet([Pattern("/a"), Pattern("b"), Pattern("..")])
    assert [problem.message.split()[0] for problem in caught.value.problems] == ['"/a"', '".."']


def test_braces_mean_nothing_in_brackets():
    assert matches("[{]a", "{a")
    assert matches("[a,{]b", ",b")
    assert matches("[]}]a", "}a")
    assert matches("{[,],x}", ",")


def test_the_first_glob_that_matches_decides():
    globs = GlobSet([Pattern("a/**"), Pattern("**/*.py"), Pattern("a/b/c.txt")])
    assert globs.matches("a/x.py") == [0, 1]
    assert globs.matches("b/x.py") == [1]
    assert globs.matches("b/c.txt") == []
    assert globs.matches("a/b/c.txt") == [0, 2]
    a = globs.enter(globs.start, "a")
    assert (globs.covering(globs.start), globs.covering(a)) == (set(), {0})
    assert globs.reaching(a - globs.start) == {0, 2}


def test_folders_out_of_reach_have_no_state():
    only = GlobSet([Pattern("a/*/c"), Pattern("d")])
    assert not only.enter(only.start, "z")
    assert not only.enter(only.start, "d")
    assert only.enter(only.enter(only.start, "a"), "anything")
    assert not only.enter(only.enter(only.enter(only.start, "a"), "anything"), "more")


def test_a_folder_is_matched_with_a_slash_only_where_the_glob_ends_with_one():
    globs = GlobSet([Pattern(text) for text in ("pkg", "pkg/", "pkg/*", "pkg/**", "**", "p?g/", "**/")])
    assert globs.matches("pkg") == [0, 4]
    assert globs.matches("pkg/") == [1, 5, 6]
    assert globs.matches("pkg/sub") == [2, 3, 4]
    assert globs.matches("pkg/sub/") == [6]


names = st.text("ab*?[]{}\\!,é", min_size=1, max_size=6)


@given(st.lists(names, min_size=1, max_size=4), st.lists(names, min_size=1, max_size=4))
def test_escaped_path_matches_itself_alone(path, other):
    glob = escape("/".join(path))
    assert matches(glob, "/".join(path))
    assert matches(glob, "/".join(other)) is (path == other)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]", "-"]), min_size=1, max_size=6),
    st.text("abc-", min_size=1, max_size=6),
)
def test_one_segment_agrees_with_the_standard_library(parts, name):
    glob = "".join(parts)
    assert matches(glob, name) is fnmatch.fnmatchcase(name, glob)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "a*"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5),
)
def test_globs_agree_with_the_definition(glob, path):
    assert matches("/".join(glob), "/".join(path)) is defined(glob, path)


def defined(glob, path):
    """A slow implementation of the reference."""
    if not glob or glob == ["**"]:
        return bool(path) is bool(glob)
    if glob[0] == "**":
        return any(defined(glob[1:], path[depth:]) for depth in range(len(path) + 1))
    return bool(path) and fnmatch.fnmatchcase(path[0], glob[0]) and defined(glob[1:], path[1:])
