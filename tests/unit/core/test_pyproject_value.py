"""The value of `pyproject.toml` leaves out what has the wrong type, and reads names by the standards."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_tilebox.core.errors import Location
from hatch_tilebox.core.pyproject import Pyproject, peek_pyproject
from hatch_tilebox.core.toml_document import parse_toml


def pyproject(text, hatch=None):
    return Pyproject(Path(), parse_toml(text, "pyproject.toml"), None if hatch is None else parse_toml(hatch, "hatch.toml"))


def test_names_are_normal():
    found = pyproject(
        '[project]\nname = "My_Flow"\ndependencies = ["Click[x] >= 8", "a.b @ https://x.org/a.whl", 3, "?"]\n'
        '[dependency-groups]\ndev = ["PyTest", "click", { include-group = "docs" }]\ndocs = ["mkdocs"]\n'
        '[tool.uv.sources]\nMy_Lib = { path = "lib" }\nother = [{ git = "x" }, 3]\n'
    )
    assert found.name == "my-flow"
    assert found.dependency_names == {"click", "a-b"}
    assert found.development_names == {"pytest"}
    assert found.sources == {"my-lib": ({"path": "lib"},), "other": ({"git": "x"},)}


@pytest.mark.parametrize("groups", ['"all"', '["dev", "docs"]'])
def test_default_groups_of_uv(groups):
    text = f'[dependency-groups]\ndev = ["a"]\ndocs = ["b"]\n[tool.uv]\ndefault-groups = {groups}\n'
    assert pyproject(text).development_names == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "packaged"),
    [
        ("", False),
        ("[build-system]", True),
        ("[tool.uv]\npackage = true", True),
        ("[build-system]\n[tool.uv]\npackage = false", False),
    ],
)
def test_packaged(text, packaged):
    assert pyproject(text).packaged is packaged


def test_hatch_toml_replaces_tables_of_pyproject():
    found = pyproject('[tool.hatch]\nbuild.a = 1\nversion.path = "x"\n', "[build]\nb = 2\n")
    assert found.hatch_table("build") == {"b": 2}
    assert found.hatch_table("version") == {"path": "x"}
    assert found.hatch_location(("build", "b")) == Location("hatch.toml", 2, 1)
    assert found.hatch_location(("build", "c")) == Location("hatch.toml", 1, 1)
    assert found.hatch_location(("version", "path")) == Location("pyproject.toml", 3, 9)
    assert found.hatch_location(("publish", "to")) is None


@pytest.mark.parametrize("text", [None, "a = [", "project = 3\ntool.uv = []\ndependency-groups = 1\n"])
def test_a_file_that_cannot_be_used_has_nothing(text, tmp_path):
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    found = peek_pyproject(tmp_path)
    assert (found.name, found.dependencies, found.sources, found.workspace, found.packaged) == ("", (), {}, {}, False)
    assert found.development_names == found.dependency_names == set()
