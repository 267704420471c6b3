"""The option `config` selects the folder of the workflow project, from every source."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.project.find import config_file, find_project

HOOK = '[tool.hatch.build.hooks.tilebox]\nconfig = "deploy/flow.toml"\n'


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "deploy" / "deep").mkdir(parents=True)
    (folder / "deploy" / "flow.toml").write_text("")
    return folder.resolve()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", HOOK),
        ("pyproject.toml", '[tool.hatch.build.targets.tilebox]\nconfig = "deploy/flow.toml"\n'),
        ("pyproject.toml", '[tool]\nhatch = {build.hooks.tilebox.config = "deploy/flow.toml"}\n'),
        ("hatch.toml", '[build.hooks.tilebox]\nconfig = "deploy/flow.toml"\n'),
    ],
)
def test_a_project_that_names_its_configuration(project, name, text):
    (project / "pyproject.toml").write_text("")
    (project / name).write_text(text)
    assert find_project(project / "deploy" / "deep") == project
    assert config_file(peek_pyproject(project)) == project / "deploy" / "flow.toml"


def test_hatch_toml_replaces_the_tables_of_pyproject(project):
    (project / "pyproject.toml").write_text(HOOK)
    (project / "hatch.toml").write_text("[build.hooks.tilebox]\n")
    assert config_file(peek_pyproject(project)) == project / CONFIG_NAME


def test_the_variable_counts_before_the_table(project, monkeypatch):
    (project / "pyproject.toml").write_text(HOOK)
    monkeypatch.setenv("HATCH_TILEBOX_CONFIG", "other.toml")
    assert find_project(project) == project
    assert config_file(peek_pyproject(project)) == project / "other.toml"
    assert config_file(peek_pyproject(project), {}) == project / "deploy" / "flow.toml"


def test_a_configuration_in_a_subfolder_belongs_to_the_project_that_names_it(project):
    (project / "deploy" / CONFIG_NAME).write_text("")
    assert find_project(project / "deploy") == project / "deploy"
    (project / "pyproject.toml").write_text(HOOK)
    assert find_project(project / "deploy") == project / "deploy"
    (project / "pyproject.toml").write_text(HOOK.replace("flow.toml", CONFIG_NAME))
    assert find_project(project / "deploy") == project


@pytest.mark.parametrize(
    "text", ["[tool.hatch", "[tool.hatch]\nbuild = 1\n", "[tool.hatch.build]\nhooks = 1\n", HOOK.replace('"', "")]
)
def test_tables_that_cannot_be_read_name_nothing(project, text):
    (project / "pyproject.toml").write_text(text)
    (project / CONFIG_NAME).write_text("")
    assert find_project(project) == project
    assert config_file(peek_pyproject(project)) == project / CONFIG_NAME
