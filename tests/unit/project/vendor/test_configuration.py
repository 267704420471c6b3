"""The `pyproject.toml` of a release with vendored packages."""

from __future__ import annotations

import sys

import pytest

from hatch_tilebox.core.uv_lock import parse_lock
from hatch_tilebox.project.vendor.configuration import generated_pyproject
from hatch_tilebox.project.vendor.local_packages import LocalPackage, LocalSources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MEMBER = """\
# about the project
[project]
name = "flows"
version = "1"
requires-python = ">=3.10"   # as it was
dependencies = ["common[fast]>=1"]

[tool.uv]
package = false
resolution = "lowest"

[tool.uv.sources]
Common = { workspace = true }
other = { git = "https://example.com/other" }
"""


@pytest.fixture
def generate(tmp_path):
    """A function from texts of the project, of the workspace around it and of the lock to the generated text."""

    def make(member, around=None, lock="version = 1\n", indirect=(), **wheels):
        root = tmp_path / "flows" if around is not None else tmp_path
        root.mkdir(exist_ok=True)
        (root / "pyproject.toml").write_text(member)
        if around is not None:
            (tmp_path / "pyproject.toml").write_text(around)
        (tmp_path / "uv.lock").write_text(lock)
        packages = tuple(LocalPackage(name, f"../{name}", tmp_path / name, name not in indirect) for name in wheels)
        sources = LocalSources("flows", root, tmp_path, parse_lock(lock), packages)
        return generated_pyproject(sources, {name: f".tilebox/wheels/{wheel}" for name, wheel in wheels.items()})

    return make


def test_only_the_source_changes(generate):
    made = generate(MEMBER, common="common-1-py3-none-any.whl")
    assert made.splitlines()[:11] == MEMBER.splitlines()[:11]
    assert tomllib.loads(made)["tool"]["uv"]["sources"] == {
        "Common": {"path": ".tilebox/wheels/common-1-py3-none-any.whl"},
        "other": {"git": "https://example.com/other"},
    }


def test_settings_of_the_workspace_count(generate):
    around = """
[tool.uv]
constraint-dependencies = ["numpy<3"]

[tool.uv.workspace]
members = ["*"]

[tool.uv.sources]
other = { git = "https://example.com/fork" }
third = { index = "acme" }

[[tool.uv.index]]
name = "acme"
url = "https://packages.example/simple"
"""
    lock = 'version = 1\nrequires-python = ">=3.12"\n'
    made = tomllib.loads(generate(MEMBER, around, lock, indirect=["base"], common="c-1.whl", base="b-1.whl"))
    uv = made["tool"]["uv"]
    assert made["project"]["requires-python"] == ">=3.12"
    assert uv["constraint-dependencies"] == ["numpy<3", "base"]
    assert uv["index"] == [{"name": "acme", "url": "https://packages.example/simple"}]
    assert uv["sources"]["other"] == {"git": "https://example.com/other"}
    assert uv["sources"]["third"] == {"index": "acme"}
    assert uv["sources"]["base"] == {"path": ".tilebox/wheels/b-1.whl"}
    assert uv["package"] is False
    assert "resolution" not in uv, "uv reads it from the root of the workspace alone"
    assert "workspace" not in uv


def test_conditions_of_a_source_stay(generate):
    member = MEMBER.replace(
        "Common = { workspace = true }",
        """Common = [
    { path = "../common", editable = true, marker = "sys_platform == 'linux'" },
    { workspace = true, marker = "sys_platform != 'linux'" },
]""",
    )
    wheel = ".tilebox/wheels/c-1.whl"
    assert tomllib.loads(generate(member, common="c-1.whl"))["tool"]["uv"]["sources"]["Common"] == [
        {"path": wheel, "marker": "sys_platform == 'linux'"},
        {"path": wheel, "marker": "sys_platform != 'linux'"},
    ]


def test_members_that_the_project_does_not_use_are_left_out(generate):
    around = "[tool.uv.workspace]\nmembers = ['*']\n[tool.uv.sources]\nunused = { workspace = true }\n"
    member = MEMBER.replace("Common = { workspace = true }\n", "")
    assert set(tomllib.loads(generate(member, around))["tool"]["uv"]["sources"]) == {"other"}


@pytest.mark.parametrize(
    "uv", ["", "[tool.uv]\npackage = false\n\n[tool.other]\n\n[tool.uv.sources]\ncommon = { workspace = true }\n"]
)
def test_tables_in_any_place(generate, uv):
    member = f'[project]\nname = "flows"\nversion = "1"\n{uv}'
    made = tomllib.loads(generate(member, indirect=["base"], common="c-1.whl", base="b-1.whl"))
    assert made["tool"]["uv"]["sources"] == {
        "common": {"path": ".tilebox/wheels/c-1.whl"},
        "base": {"path": ".tilebox/wheels/b-1.whl"},
    }
    assert made["tool"]["uv"]["constraint-dependencies"] == ["base"]
