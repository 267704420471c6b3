"""Modules and their files."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.modules import module_files, module_name, package_name


@pytest.mark.parametrize("path", ["a.py", "src/a.py", "a/b.py", "src/a/__init__.py", "a/b/__init__.py"])
def test_there_and_back(path):
    assert path in module_files(module_name(path))


@pytest.mark.parametrize(
    ("path", "package"), [("a.py", ""), ("src/a.py", ""), ("a/b.py", "a"), ("src/a/__init__.py", "a"), ("src/a/b/c.py", "a.b")]
)
def test_package(path, package):
    assert package_name(path) == package
