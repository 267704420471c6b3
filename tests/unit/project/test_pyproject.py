"""Errors in any table of `pyproject.toml` are reported, never as a traceback."""

from __future__ import annotations

import contextlib
from functools import partial

import pytest
import tomlkit
from other_values import REMOVED, paths, replaced

from hatch_tilebox.core.errors import ConfigError, TileboxError
from hatch_tilebox.project.adopt.plan import plan_adoption
from hatch_tilebox.project.check import check_project
from hatch_tilebox.project.open import open_project
from hatch_tilebox.project.pyproject import read_pyproject

WORKFLOW = '[workflow]\nslug = "flow"\nrunner = "runner:runner"\n[build]\ninclude = ["pyproject.toml", "*.py"]\n'
LOCK = 'version = 1\n[[package]]\nname = "flow"\nversion = "1"\nsource = { virtual = "." }\n'
PYPROJECT = {
    "build-system": {"requires": ["hatchling", "hatch-tilebox"], "build-backend": "hatchling.build", "backend-path": ["."]},
    "project": {
        "name": "flow",
        "version": "1",
        "dynamic": [],
        "dependencies": ["tilebox"],
        "optional-dependencies": {"plots": ["numpy"]},
    },
    "dependency-groups": {"dev": ["pytest", {"include-group": "docs"}], "docs": []},
    "tool": {
        "uv": {
            "package": False,
            "sources": {"tilebox": {"path": "x"}, "numpy": [{"git": "y"}]},
            "workspace": {"members": ["libs/*"], "exclude": ["libs/old"]},
            "default-groups": ["dev"],
            "dev-dependencies": ["x"],
        },
        "hatch": {
            "version": {"path": "v.py"},
            "metadata": {"hooks": {"custom": {"path": "x.py"}}},
            "build": {
                "hooks": {"tilebox": {"config": "tilebox.workflow.toml"}},
                "targets": {"wheel": {"packages": ["a"], "hooks": {"tilebox": {}}}, "tilebox": {"runtime": "import"}},
            },
        },
    },
}
OTHERS = (3, True, "x", "", [], [3], [[]], [{}], {}, {"a": 3}, REMOVED)


def changed(path, value):
    """The usual text with another value at `path`; None where TOML cannot say so."""
    try:
        return tomlkit.dumps(replaced(PYPROJECT, path, value))
    except ValueError:
        return None


PLACES = [path for path in paths(PYPROJECT) if path]


@pytest.fixture
def project(tmp_path):
    for name, text in {"tilebox.workflow.toml": WORKFLOW, "uv.lock": LOCK, "runner.py": "runner = 1\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text(tomlkit.dumps(PYPROJECT))
    return tmp_path


def problems(root, text):
    (root / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        read_pyproject(root)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_other_values_are_read_or_told(path, project):
    """Any value at any place, with three commands that run no code of the project."""
    for text in filter(None, (changed(path, value) for value in OTHERS)):
        (project / "pyproject.toml").write_text(text)
        check_project(project)
        for function in (plan_adoption, partial(open_project, run_code=False)):
            with contextlib.suppress(TileboxError):
                function(project)


def test_a_root_with_a_pyproject_of_its_own(project):
    """That file is uv's to judge; a check passes over what it cannot read."""
    (project / "flow").mkdir()
    config = project / "tilebox.workflow.toml"
    config.write_text(WORKFLOW.replace("runner =", 'root = "flow"\nrunner ='))
    (project / "flow" / "runner.py").write_text("runner = 1\n")
    for path in PLACES:
        for value in OTHERS:
            (project / "flow" / "pyproject.toml").write_text(changed(path, value) or "")
            check_project(project)


def test_all_mistakes_are_told_with_their_places(tmp_path):
    text = '[project]\nname = 3\ndependencies = ["a", 4]\n[tool.uv.sources]\na = "../a"\n[tool.hatch.build.targets]\nwheel = []\n'
    assert problems(tmp_path, text) == [
        "pyproject.toml:2:8: project.name: must be a string, not an integer",
        "pyproject.toml:3:22: project.dependencies[1]: must be a string, not an integer",
        "pyproject.toml:5:5: tool.uv.sources.a: must be a table or an array of tables, not a string",
        "pyproject.toml:7:9: tool.hatch.build.targets.wheel: must be a table, not an array",
    ]


@pytest.mark.parametrize(("text", "hint"), [("", "uv init"), ("[project]\n", "uv init"), ("[tool.poetry]\n", "[tool.poetry]")])
def test_a_project_has_a_name(text, hint, tmp_path):
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("pyproject.toml: there is no [project] table with a name\n  hint: ")
    assert hint in problem


@pytest.mark.parametrize("groups", ['"all"', "[]", '["dev"]'])
def test_default_groups(groups, project):
    (project / "pyproject.toml").write_text(f'[project]\nname = "x"\n[tool.uv]\ndefault-groups = {groups}\n')
    assert read_pyproject(project).values["project"] == {"name": "x"}
