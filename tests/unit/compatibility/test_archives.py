"""The comparison of two archives, and what is not known."""

from __future__ import annotations

import pytest
import report_samples
from hand_made_releases import GREET, write_release

from hatch_tilebox.compatibility.archives import LARGEST_TEXT, compare_archives, locked_packages
from hatch_tilebox.core.errors import ArchiveError

LOCK = """
version = 1

[[package]]
name = "scene-qa"
version = "1.0.0"
source = { virtual = "." }

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "tiles"
version = "0.1"
source = { git = "https://example.com/tiles?rev=a#0123" }

[[package]]
name = "helpers"
source = { editable = "helpers" }
"""


@pytest.fixture
def release(tmp_path):
    """A function from contents by path to the path of a release."""
    made = iter(range(9))

    def make(tasks=(GREET,), slug="scene-qa", **contents):
        by_path = {name.replace("__", "/").replace("_dot_", "."): content for name, content in contents.items()}
        return report_samples.release(tmp_path / str(next(made)), of=tasks, slug=slug, contents=by_path)

    return make


def test_packages_of_a_lock():
    assert locked_packages(LOCK.encode()) == {
        "numpy": ["1.26.4", "2.1.0"],
        "tiles": ["0.1 (git https://example.com/tiles?rev=a#0123)"],
        "helpers": ["(editable helpers)"],
    }


@pytest.mark.parametrize("data", [b"version = [", b"\xff", b"package = 3", b"[[package]]\nversion = '1'", b"[package]\nname = 'x'"])
def test_no_lock(data):
    assert locked_packages(data) is None


def test_dependencies(release):
    old = release(uv_dot_lock=LOCK.encode())
    new = release(uv_dot_lock=LOCK.replace("1.26.4", "1.27.0").replace("#0123", "#4567").replace("1.0.0", "1.1.0").encode())
    difference = compare_archives(old, new)
    assert [(change.name, change.old, change.new) for change in difference.packages] == [
        ("numpy", ("1.26.4", "2.1.0"), ("1.27.0", "2.1.0")),
        ("tiles", ("0.1 (git https://example.com/tiles?rev=a#0123)",), ("0.1 (git https://example.com/tiles?rev=a#4567)",)),
    ]
    assert difference.comparison.verdict == "compatible"
    assert difference.warnings == ()


@pytest.mark.parametrize(("contents", "reason"), [({}, "is not in the release"), ({"uv_dot_lock": b"="}, "cannot be read")])
def test_without_a_lock_dependencies_are_unknown(release, contents, reason):
    new = release(**contents)
    difference = compare_archives(release(uv_dot_lock=LOCK.encode()), new)
    assert difference.packages is None
    (warning,) = difference.warnings
    assert str(warning) == f"{new}: uv.lock {reason}, so dependencies cannot be compared"


def test_changed_lines(release):
    old = release(
        a_dot_py=b"x = 1\ny = 2\n", gone_dot_py=b"z\n", same_dot_py=b"s", picture=b"\x89\xff", big=b"a" * (LARGEST_TEXT + 1)
    )
    new = release(a_dot_py=b"x = 1\ny = 3\n", sub__new_dot_py=b"n\n", same_dot_py=b"s", picture=b"\x89\xfe", big=b"b")
    assert compare_archives(old, new).texts == {}
    texts = compare_archives(old, new, texts=True).texts
    assert texts == {
        "a.py": "--- old/a.py\n+++ new/a.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 2\n+y = 3",
        "big": "",
        "gone.py": "--- old/gone.py\n+++ new/gone.py\n@@ -1 +0,0 @@\n-z",
        "picture": "",
        "sub/new.py": "--- old/sub/new.py\n+++ new/sub/new.py\n@@ -0,0 +1 @@\n+n",
    }


def test_releases_of_two_workflows_are_doubtful(release):
    difference = compare_archives(release(slug="a"), release(slug="b"))
    assert difference.warnings[0].message == "these are releases of two workflows, a and b"


def test_a_damaged_archive_is_refused(tmp_path):
    (tmp_path / "tree").mkdir()
    good = write_release(tmp_path / "tree", tmp_path)
    bad = tmp_path / "bad.tbrelease"
    bad.write_bytes(good.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveError):
        compare_archives(good, bad)
