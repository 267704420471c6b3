"""`hatch-tilebox check` on locked copies of the test projects reports real errors, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_tilebox.project.check import check_project

PROJECTS = Path(__file__).parents[2] / "test_projects"
GOOD = sorted(path.parent.name for path in PROJECTS.glob("*/tilebox.workflow.toml"))


@pytest.mark.runtime
@pytest.mark.parametrize("name", GOOD)
def test_a_good_project_has_neither_errors_nor_doubts(project, name):
    report = check_project(project(name))
    assert (report.errors, report.warnings) == ([], [])


@pytest.mark.runtime
@pytest.mark.parametrize(
    ("name", "message"),
    [("broken/object_missing", "has no 'runner' at its top level"), ("broken/no_pyproject_selected", "is not selected")],
)
def test_what_needs_no_start_is_told(project, name, message):
    report = check_project(project(name))
    assert any(message in problem.message for problem in report.errors)


@pytest.mark.runtime
@pytest.mark.parametrize("name", ["broken/module_not_selected", "broken/submodule_not_selected"])
def test_imports_of_what_is_not_selected_are_told(project, name):
    report = check_project(project(name))
    assert any("is imported here, but is not selected" in problem.message for problem in report.warnings)


@pytest.mark.runtime
@pytest.mark.parametrize(
    ("name", "hidden"), [("hides_argparse", "standard library's `argparse`"), ("hides_sdk", "SDK's package `tilebox`")]
)
def test_a_module_that_hides_another_is_reported(project, name, hidden):
    report = check_project(project(f"broken/{name}"))
    assert any(f"this module shadows the {hidden}" in problem.message for problem in report.warnings)


@pytest.mark.runtime
def test_a_dependency_that_was_added_without_locking(project):
    folder = project("scene_qa")
    pyproject = folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"tilebox",', '"tilebox", "pystac-client>=0.8",'))
    (error,) = check_project(folder).errors
    assert str(error.location) == "uv.lock"
    assert error.message == "it is stale: it lacks pystac-client"
