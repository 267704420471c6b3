"""An archive returns exactly what was packed."""

from __future__ import annotations

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive, read_manifest
from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.model import FileSet, Project, ReleaseManifest, SelectedFile, Task, Workflow


def test_a_release_comes_back_as_it_was(tmp_path):
    contents = {"run.sh": b"#!/bin/sh\n", "scene_qa/runner.py": b"runner = None\n", "scene_qa/ä.txt": b""}
    for path, content in contents.items():
        file = tmp_path / "project" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    selected = [
        SelectedFile(path, str(tmp_path / "project" / path), len(content), path == "run.sh") for path, content in contents.items()
    ]
    files = FileSet(tmp_path / "project", tuple(selected))
    workflow, project = Workflow("scene-qa", runner="scene_qa.runner:runner"), Project("scene-qa", "1.0")
    manifest = ReleaseManifest.of(workflow, project, [Task("a", "v1.0")], hash_files(files))
    artifact = write_archive(manifest, files, tmp_path / "dist" / "scene_qa-1.0.tbrelease")
    assert read_manifest(artifact.path) == manifest
    assert check_archive(artifact.path) == (manifest, artifact)
    assert extract_archive(artifact.path, tmp_path / "out") == manifest
    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert found == {**contents, ".tilebox/release.json": manifest.to_json()}
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "out", "project"]
