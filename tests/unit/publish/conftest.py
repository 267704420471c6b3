"""Small releases, made by hand: nothing here needs uv or a runtime."""

from __future__ import annotations

import pytest

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.model import FileSet, Project, ReleaseManifest, SelectedFile, Task, Workflow, release_filename

TASKS = (Task("tests.Greet", "v1.0", {"type": "string"}),)


@pytest.fixture
def make_release(tmp_path_factory):
    """A function that writes a release of a small project and gives the path of its archive."""

    def make(
        slug="scene-qa-5y9aK2",
        version="1.0.0",
        tasks=TASKS,
        content=b"print('hello')\n",
        folder=None,
        name="scene-qa",
    ):
        root = tmp_path_factory.mktemp("tree")
        files = []
        for path, data in (("pyproject.toml", b"[project]\n"), ("scene_qa/runner.py", content)):
            source = root / path
            source.parent.mkdir(exist_ok=True)
            source.write_bytes(data)
            files.append(SelectedFile(path, source, len(data)))
        selected = FileSet(root, tuple(files))
        project = Project(name, version, ">=3.10")
        workflow = Workflow(slug, runner="scene_qa.runner:runner")
        manifest = ReleaseManifest.of(workflow, project, tasks, hash_files(selected))
        target = (folder or tmp_path_factory.mktemp("dist")) / release_filename(project)
        return write_archive(manifest, selected, target).path

    return make
