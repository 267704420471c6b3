"""`publish` without a file builds the release if it is missing or out of date."""

from __future__ import annotations

import subprocess
import sys

import pytest
from output_schema import check_output

from hatch_tilebox.publish.store import ReleaseStore

pytestmark = pytest.mark.runtime


@pytest.fixture
def publish(project, clean_env, tmp_path):
    """A function that publishes a project to a folder, and gives the report and what was shown."""
    folder = project("scene_qa")

    def run(*options, code=0, kind="publish", **variables):
        command = [sys.executable, "-m", "hatch_tilebox", "publish", "--to", str(tmp_path / "store"), "--json", *options]
        environment = {**clean_env, **variables}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return check_output(kind, done.stdout), done.stderr

    run.folder = folder
    run.count = lambda: len(ReleaseStore(tmp_path / "store").releases(None))
    return run


def steps(report):
    return {each["step"]: (each["result"], each["detail"]) for each in report["steps"]}


def edit(folder, line):
    with (folder / "scene_qa" / "tasks.py").open("a") as file:
        file.write(f"# {line}\n")


def test_a_release_is_built_once_for_each_change(publish):
    first, shown = publish()
    assert "the project has changed, or is not built: building it" in shown
    assert steps(first)["build"] == ("done", "scene_qa-1.2.0.tbrelease")
    assert steps(first)["compare-project"] == ("skipped", "just built")
    again, shown = publish()
    assert "scene_qa-1.2.0.tbrelease is up to date" in shown
    assert (again["created"], "build" in steps(again)) == (False, False)
    edit(publish.folder, "once")
    refused, shown = publish("--no-build", code=1)
    assert "was built from other files: changed: scene_qa/tasks.py" in shown
    assert (refused["id"], publish.count()) == (None, 1)
    refused, _ = publish("dist/scene_qa-1.2.0.tbrelease", code=1)
    assert steps(refused)["compare-project"][0] == "refused"
    archive = publish("--stale")[0]
    assert (archive["digest"], archive["created"]) == (first["digest"], False)
    rehearsed, _ = publish("--dry-run")
    assert (steps(rehearsed)["build"][0], publish.count()) == ("done", 1)
    changed, shown = publish()
    assert "is up to date" in shown
    assert changed["digest"] == rehearsed["digest"] != first["digest"]
    assert publish.count() == 2


def test_all_projects_are_built_before_the_first_is_published(publish):
    def results(*options):
        report, _ = publish("--all", *options, kind="all")
        return [(each["result"], each["report"] and "build" in steps(each["report"])) for each in report["projects"]]

    assert results() == [("succeeded", False)]  # the checks have built it
    assert publish.count() == 1
    assert results("--unpublished") == []
    edit(publish.folder, "once")
    assert results("--unpublished") == [("succeeded", False)]
    assert publish.count() == 2
    edit(publish.folder, "twice")
    assert results("--dry-run") == [("succeeded", True)]
    assert publish.count() == 2
