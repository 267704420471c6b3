"""Modules that hide other modules from a worker, found from paths alone."""

from __future__ import annotations

import pytest

from hatch_tilebox.discovery.diagnose.shadowing import shadowing_files, shadowing_warnings


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("types.py", "types"),
        ("queue/__init__.py", "queue"),
        ("tilebox/__init__.py", "tilebox"),
        ("tilebox.py", "tilebox"),
        ("email/__init__.py", "email"),
    ],
)
def test_hides(path, name):
    assert shadowing_files(["pyproject.toml", path]) == {name: path}


@pytest.mark.parametrize(
    "path",
    [
        "flow/types.py",  # `flow.types`
        "src/queue.py",  # behind the standard library on the path
        "tilebox/helpers.py",  # a namespace package does not hide one of its name
        "queue/data.json",
        "types.pyi",
        "sys.py",  # built in
        "os.py",  # loaded before the working folder is on the path
        "bands.py",
    ],
)
def test_does_not_hide(path):
    assert shadowing_files([path]) == {}


def test_warning():
    (warning,) = shadowing_warnings(["flow/runner.py", "queue/__init__.py"])
    assert str(warning) == (
        "queue/__init__.py: this module shadows the standard library's `queue` in the worker\n"
        "  hint: rename queue/, and change what imports it"
    )
