"""Modules and their files."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.modules import imported_files, module_files, module_name, package_name


@pytest.mark.parametrize("path", ["a.py", "src/a.py", "a/b.py", "src/a/__init__.py", "a/b/__init__.py"])
def test_there_and_back(path):
    assert path in module_files(module_name(path))


@pytest.mark.parametrize(
    ("path", "package"), [("a.py", ""), ("src/a.py", ""), ("a/b.py", "a"), ("src/a/__init__.py", "a"), ("src/a/b/c.py", "a.b")]
)
def test_package(path, package):
    assert package_name(path) == package


def test_an_import_runs_the_packages_around_the_module(tmp_path):
    for path in ("src/a/__init__.py", "src/a/b.py", "a.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert imported_files(tmp_path, "src/x.py", "a.b.name") == ["src/a/__init__.py", "src/a/b.py"]
    assert imported_files(tmp_path, "x.py", "a.b") == ["a.py"]
