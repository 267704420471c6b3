"""A lock is read as uv writes it, and refused if it has another shape."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.errors import ConfigError, Location
from hatch_tilebox.core.uv_lock import LockedFile, LockedPackage, parse_lock

LOCK = """\
version = 1
requires-python = ">=3.10"

[options]
resolution-mode = "lowest"

[manifest]
constraints = [{ name = "numpy", specifier = "<3" }]

[[package]]
name = "flow"
source = { editable = "." }
dependencies = [
    { name = "numpy" },
]

[package.optional-dependencies]
plots = [
    { name = "pillow" },
]

[package.metadata]
requires-dist = [
    { name = "numpy", specifier = ">=2" },
    { name = "pillow", marker = "extra == 'plots'" },
]

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.example.com/numpy-2.1.0.tar.gz", hash = "sha256:00", size = 1 }
wheels = [
    { path = "wheels/numpy-2.1.0-py3-none-any.whl" },
]
"""


def test_packages():
    lock = parse_lock(LOCK)
    flow, numpy = lock.packages
    names = frozenset({"numpy", "pillow"})
    assert flow == LockedPackage("flow", "", "editable", ".", dependencies=names, required=names)
    assert flow.is_project
    assert numpy.kind == "registry"
    assert (numpy.source, numpy.version) == ("https://pypi.org/simple", "2.1.0")
    assert numpy.sdist == LockedFile("https://files.example.com/numpy-2.1.0.tar.gz", size=1)
    assert numpy.wheels == (LockedFile(path="wheels/numpy-2.1.0-py3-none-any.whl"),)
    assert [file.name for file in numpy.files] == ["numpy-2.1.0.tar.gz", "numpy-2.1.0-py3-none-any.whl"]
    assert lock.versions("numpy") == ["2.1.0"]
    assert lock.options == {"resolution-mode": "lowest"}
    assert lock.manifest is not None
    assert list(lock.manifest) == ["constraints"]


@pytest.mark.parametrize(
    "text",
    [
        "package = 3",
        "package = [3]",
        "[[package]]\nversion = '1'",
        "[[package]]\nname = 3",
        "[[package]]\nname = 'a'\nsource = 3",
        "[[package]]\nname = 'a'\nsource = { registry = [] }",
        "[[package]]\nname = 'a'\nwheels = 3",
        "[[package]]\nname = 'a'\nwheels = [{ url = 3 }]",
        "[[package]]\nname = 'a'\ndependencies = [{}]",
        "[[package]]\nname = 'a'\noptional-dependencies = 3",
        "[[package]]\nname = 'a'\nmetadata = 3",
    ],
)
def test_other_shapes_are_refused(text):
    with pytest.raises(ConfigError) as error:
        parse_lock(text)
    (problem,) = error.value.problems
    assert problem.hint == "remove the file, then run: uv lock"


def test_conflicts_of_a_merge_and_syntax_errors():
    with pytest.raises(ConfigError, match=r"uv\.lock: a merge left conflicts"):
        parse_lock(f"<<<<<<< HEAD\n{LOCK}")
    with pytest.raises(ConfigError) as error:
        parse_lock("version = 1\nx = y\n")
    assert error.value.problems[0].location == Location("uv.lock", 2, 5)
