"""Which files of a project an import runs, read off syntax trees."""

from __future__ import annotations

import pytest

from hatch_tilebox.project.source_tree import Import, SourceTree


@pytest.fixture
def tree(tmp_path):
    """A function that writes modules and returns their source tree."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__SLASH__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return SourceTree(tmp_path)

    def make(files):
        return write(**{name.replace("/", "__SLASH__"): text for name, text in files.items()})

    return make


def test_packages_relative_and_lazy_imports_are_followed(tree):
    found = tree(
        {
            "flow/__init__": "from . import bands",
            "flow/bands": "def load():\n    from flow.deep import table\n",
            "flow/deep/__init__": "",
            "flow/deep/table": "import helpers",
            "flow/unused": "import other",
            "flow/runner": "import numpy\n",
            "helpers": "",
            "other": "",
        }
    ).closure("flow/runner.py")
    assert list(found) == [
        "flow/__init__.py",
        "flow/runner.py",
        "flow/bands.py",
        "flow/deep/__init__.py",
        "flow/deep/table.py",
        "helpers.py",
    ]
    assert found["flow/deep/table.py"] == Import("flow/deep/table.py", "flow/bands.py", 2)
    assert found["flow/runner.py"] is None


def test_a_circle_ends_and_a_file_that_cannot_be_parsed_imports_nothing(tree):
    modules = tree({"a": "import b", "b": "import a, broken", "broken": "def"})
    assert list(modules.closure("a.py")) == ["a.py", "b.py", "broken.py"]


def test_a_module_in_src_is_found_after_one_beside_the_importer(tree):
    modules = tree({"runner": "import acme", "src/acme/__init__": "import twin", "src/twin": "", "twin": ""})
    assert list(modules.closure("runner.py")) == ["runner.py", "src/acme/__init__.py", "src/twin.py"]


def test_an_import_runs_the_packages_around_the_module(tree):
    modules = tree({"src/a/__init__": "", "src/a/b": "", "a": ""})
    assert modules.run_by_import("a.b.name", ("src/", "")) == ["src/a/__init__.py", "src/a/b.py"]
    assert modules.run_by_import("a") == ["a.py"]
