"""A new project that is named like a package it needs, itself or through others, is refused."""

from __future__ import annotations

import pytest
from foreign_answers import run

pytestmark = pytest.mark.runtime


@pytest.mark.parametrize(
    ("name", "package"), [("tilebox", "tilebox"), ("Hatch_Tilebox", "hatch-tilebox"), ("tilebox.workflows", "tilebox-workflows")]
)
def test_a_name_of_a_dependency_is_refused(tmp_path, name, package):
    code, _, err = run("init", "--offline", "--name", name, "new", folder=tmp_path)
    assert code == 1
    assert f"a project named {package} would depend on itself" in err
    assert list(tmp_path.iterdir()) == []


def test_a_new_project_has_the_sdk_that_any_other_has(tmp_path):
    """No file contains the first name of the project."""
    code, _, err = run("init", "--offline", "--name", "Scene QA", "new", folder=tmp_path)
    assert code == 0, err
    lock = (tmp_path / "new" / "uv.lock").read_text()
    assert 'name = "scene-qa"' in lock
    assert 'name = "tilebox-workflows"' in lock
    assert "new-project" not in lock
