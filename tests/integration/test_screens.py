"""What the commands print, on terminals of 80 and 120 columns and in a pipe: one file for each command in `__snapshots__`.

To accept new screens: pytest tests/integration/test_screens.py --snapshot-update
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hand_made_releases import write_sbom
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

pytestmark = [pytest.mark.runtime, pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")]

ROOT = Path(__file__).parents[2]
SCREENS = {
    "files": "files",
    "check": "check",
    "projects": "projects",
    "build": "build",
    "build-verbose": "build -v",
    "hatchling-build": "hatchling build -t tilebox",
    "inspect": "inspect dist/scene_qa-1.2.0.tbrelease",
    "inspect-sbom": "inspect --sbom ../with-sbom/scene_qa-1.2.0.tbrelease",
    "inspect-verbose": "inspect -v dist/scene_qa-1.2.0.tbrelease",
    "verify": "verify --no-run dist/scene_qa-1.2.0.tbrelease",
    "diff": "diff dist/scene_qa-1.2.0.tbrelease dist/scene_qa-1.3.0.tbrelease",
    "publish": "publish dist/scene_qa-1.2.0.tbrelease --to ../store",
    "releases": "releases ../store",
    "releases-verbose": "releases -v ../store",
    "clusters": "clusters ../store",
    "clusters-verbose": "clusters -v ../store",
    "deploy-plan": "deploy --to ../store --release 1.3.0 --cluster production --dry-run",
    "fetch": "fetch ../store --release 1.3.0 --to downloads",
    "explain": "explain TBX012",
}
COMPONENTS = [
    {"name": "numpy", "version": "2.4.1", "licenses": [{"expression": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0"}]},
    {
        "name": "scene-tools",
        "version": "0.3.0",
        "purl": "pkg:pypi/scene-tools@0.3.0?vcs_url=https://example.org/acme/tools%230a1b2c3d",
    },
    {"name": "msgspec", "version": "0.22.0", "licenses": [{"license": {"id": "BSD-3-Clause"}}]},
]
_SGR = re.compile(r"\x1b\[[0-9;]*m")
_MASKS = (
    (re.compile(r"^.*\x1b\[K", re.MULTILINE), ""),
    (re.compile(r"at most \d+ packages"), "at most 9 packages"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), lambda match: re.sub("[0-9a-f]", "0", match[0])),
    (re.compile(r"\b([0-9a-f]{64}|[0-9a-f]{12}|[0-9a-f]{8})\b"), lambda match: "0" * len(match[0])),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "2026-01-01T00:00:00Z"),
    (re.compile(r"just now|\d+ (second|minute)s? ago"), "just now"),
    (re.compile(r"  \d+\.\d+ s$", re.MULTILINE), ""),
    (re.compile(r"^[A-Z][a-z ]+\.\.\.\n", re.MULTILINE), ""),  # a step that took longer than 2 s
    (re.compile(r" *\b\d+(\.\d)? ([KMG]i)?B\b"), " SIZE"),
    (re.compile(r"Python 3\.\d+\.\d+\S*, tilebox \S+"), "Python VERSION, tilebox VERSION"),
)


class _TextFiles(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture(scope="module")
def terminal():
    """The module that takes the pictures of the docs: its function `seen` gives what a terminal shows."""
    spec = importlib.util.spec_from_file_location("screens", ROOT / "docs" / "screens.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["screens"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def world(tmp_path_factory, locked_project, clean_env):
    """A project with releases 1.2.0 and 1.3.0, and a store that has both; 1.2.0 is deployed."""
    base = tmp_path_factory.mktemp("screens")
    folder = Path(shutil.copytree(locked_project("scene_qa"), base / "scene-qa"))
    environment = {**clean_env, "HATCH_TILEBOX_PUBLISH_STALE": "true", "TERM": "xterm-256color"}
    environment.pop("FORCE_COLOR", None)

    def run(*arguments):
        return subprocess.run(
            ["hatch-tilebox", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
        ).stdout

    texts = {}
    for path in ("pyproject.toml", "uv.lock", "scene_qa/tasks.py"):
        texts[path] = (folder / path).read_text()
    run("build", "-q")
    first = "dist/scene_qa-1.2.0.tbrelease"
    (folder / "pyproject.toml").write_text(texts["pyproject.toml"].replace('"1.2.0"', '"1.3.0"'))
    lock = texts["uv.lock"].replace('version = "1.2.0"\nsource = { virtual', 'version = "1.3.0"\nsource = { virtual')
    (folder / "uv.lock").write_text(lock)
    (folder / "scene_qa/tasks.py").write_text(texts["scene_qa/tasks.py"].replace('CheckScene", "v1.0"', 'CheckScene", "v1.1"'))
    run("build", "-q")
    for path, text in texts.items():
        (folder / path).write_text(text)
    run("publish", first, "--to", "../store")
    (base / "with-sbom").mkdir()
    write_sbom(Path(shutil.copy(folder / first, base / "with-sbom")), components=COMPONENTS)
    run("deploy", "--latest", "--to", "../store", "--cluster", "production,canary")
    run("publish", "dist/scene_qa-1.3.0.tbrelease", "--to", "../store")
    return folder, environment


@pytest.mark.parametrize("name", SCREENS)
def test_screens(name, world, terminal, snapshot):
    folder, environment = world
    command = SCREENS[name]
    line = command if command.startswith("hatchling") else f"hatch-tilebox {command}"
    shown = [f"$ {line}"]
    for width in (80, 120):
        text = _SGR.sub("", terminal.seen(line, folder, {**environment, "COLUMNS": str(width)}))
        shown.append(f"--- {width} columns ---\n{masked(text, folder)}")
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    piped = subprocess.run(line.split(), check=False, cwd=folder, env=environment, **options).stdout.decode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", piped)
    shown.append(f"--- piped ---\n{masked(piped, folder)}")
    text = "\n\n".join(shown) + "\n"
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    assert text == snapshot(extension_class=_TextFiles)


def masked(text, folder):
    """Return a screen without what differs from run to run: paths, times, digests, ids, sizes and versions of tools."""
    text = text.replace(os.path.realpath(folder.parent), "/home/you").replace(str(folder.parent), "/home/you")
    for pattern, shown in _MASKS:
        text = pattern.sub(shown, text)
    return text.rstrip("\n")
