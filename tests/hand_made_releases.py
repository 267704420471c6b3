"""Small releases, made by hand: no uv, no runtime."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.model import FileSet, Project, ReleaseManifest, SelectedFile, Task, Workflow, release_filename

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PYPROJECT = b'[project]\nname = "scene-qa"\nversion = "1.0.0"\nrequires-python = ">=3.10"\n'
GREET = Task("tests.Greet", "v1.0", {"type": "string"})


def write_release(
    tree: Path,
    dist: Path,
    *,
    slug: str = "scene-qa-5y9aK2",
    version: str = "1.0.0",
    tasks: tuple[Task, ...] = (GREET,),
    content: bytes = b"print('hello')\n",
    name: str = "scene-qa",
    command: tuple[str, ...] | None = None,
) -> Path:
    """Write a release of a small project, whose files are made in `tree`, into `dist`. Gives the path of its archive."""
    files = []
    for path, data in (("pyproject.toml", PYPROJECT), ("scene_qa/runner.py", content)):
        source = tree / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(data)
        files.append(SelectedFile(path, str(source), len(data)))
    selected = FileSet(tree, tuple(files))
    project = Project(name, version, ">=3.10")
    workflow = Workflow(slug, command=command) if command else Workflow(slug, runner="scene_qa.runner:runner")
    manifest = ReleaseManifest.of(workflow, project, tasks, hash_files(selected))
    return write_archive(manifest, selected, dist / release_filename(project)).path


def write_sbom(path: Path, digest: str | None = None, components: Sequence[Mapping[str, object]] = ()) -> Path:
    """Write a small SBOM beside the archive `path`, by default of it. Gives its path."""
    digest = digest or hashlib.sha256(path.read_bytes()).hexdigest()
    about = {"component": {"type": "application", "name": "scene-qa", "hashes": [{"alg": "SHA-256", "content": digest}]}}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": about, "components": list(components)}
    sbom = path.with_suffix(".cdx.json")
    sbom.write_text(json.dumps(document))
    return sbom
