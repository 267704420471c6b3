"""What the commands print, on terminals of 80 and 120 columns and in a pipe: one file for each command in `__snapshots__`.

To accept new screens: pytest tests/integration/test_screens.py --snapshot-update
"""

from __future__ import annotations

import json
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
STORE = "--to ../store"
SCREENS = {
    # Project
    "init": "init ../gauges --offline",
    "adopt": "-C ../old adopt",
    "files": "files",
    "check": "check",
    "projects": "projects",
    "build": "build",
    "build-verbose": "build -v",
    "hatchling-build": "hatchling build -t tilebox",
    # Release
    "inspect": "inspect dist/scene_qa-1.2.0.tbrelease",
    "inspect-sbom": "inspect --sbom ../with-sbom/scene_qa-1.2.0.tbrelease",
    "inspect-verbose": "inspect -v dist/scene_qa-1.2.0.tbrelease",
    "verify": "verify --no-run dist/scene_qa-1.2.0.tbrelease",
    "diff": "diff dist/scene_qa-1.2.0.tbrelease dist/scene_qa-1.3.0.tbrelease",
    "run": "run dist/scene_qa-1.2.0.tbrelease CheckCollection --follow --input-file ../scenes.json",
    "report": "report dist/scene_qa-1.2.0.tbrelease",
    "extract": "extract dist/scene_qa-1.2.0.tbrelease --to unpacked",
    # Publish
    "publish": f"publish dist/scene_qa-1.2.0.tbrelease {STORE}",
    "fetch": "fetch ../store --release 1.3.0 --to downloads",
    "releases": "releases ../store",
    "releases-verbose": "releases -v ../store",
    "deploy-plan": f"deploy {STORE} --release 1.3.0 --cluster production --dry-run",
    "deploy": f"deploy {STORE} --release 1.3.0 --cluster production",
    "promote": "promote --from canary --to production --destination ../store",
    "rollback": f"rollback {STORE} --cluster production",
    "undeploy": f"undeploy {STORE} --release 1.2.0 --cluster canary",
    "clusters": "clusters ../store",
    "clusters-verbose": "clusters -v ../store",
    "unpublish": f"unpublish {STORE} --release 1.3.0 --yes",
    # Machine
    "cache": "cache",
    "explain": "explain TBX012",
    "schema": "schema workflow",
    # Help
    "help": "--help",
    "help-run": "help run",
    "help-releases": "releases --help",
    # Errors
    "error-config": "check",
    "error-several": "check",
    "error-usage": "build --max-sizes 1",
    "error-command": "bild",
    "error-missing-package": "python ../without.py jsonschema run dist/scene_qa-1.2.0.tbrelease CheckFootprint west=1",
    "error-input": "run dist/scene_qa-1.2.0.tbrelease CheckFootprint west=far",
    "error-task": "run dist/scene_qa-1.2.0.tbrelease CheckFootprint west=1 south=2 east=1 north=4",
    "error-no-project": "-C ../empty build",
}
_DEPLOY = f"hatch-tilebox deploy {STORE} --release 1.3.0 --cluster"
BEFORE = {
    "promote": f"{_DEPLOY} canary",
    "rollback": f"{_DEPLOY} production",
    "error-config": "sed -i 's/^include/inclde/' tilebox.workflow.toml",
    "error-several": "sed -i 's/^include/inclde/; s/^slug/slog/' tilebox.workflow.toml",
}
"""Commands that run before the one of the screen."""
LONGER = re.compile(r"(error|warning|help)\b|✗|[+-]|  ?\| |      \S|Usage: |  *hatch-tilebox |Next: |\s*[\"{}]")
"""The beginning of lines that a terminal may break: sentences of problems, and commands to copy."""
_MOST_LINES = 60
"""Longer screens are cut."""
SCENE = {
    "scene_id": "a",
    "acquired": "2026-01-31T09:30:00Z",
    "footprint": {"west": 1, "south": 2, "east": 3, "north": 4},
    "level": "L2A",
}
WITHOUT = "import sys; sys.modules[sys.argv.pop(1)] = None; from hatch_tilebox.cli import main; main()"
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
    (re.compile(r"(just now|\d+ (second|minute)s? ago)(?:( ) +)?"), r"just now\3\3"),
    (re.compile(r"Created +Clusters"), "Created  Clusters"),
    (re.compile(r"Locking +\d+ packages"), "Locking                99 packages"),
    (re.compile(r"  +\d+(\.\d+)? m?s\b"), ""),
    (re.compile(r"^(Timeline) +", re.MULTILINE), r"\1  "),
    (re.compile(r" *▇+ *"), "  ▇▇▇"),
    (re.compile(r"^\d\d:\d\d:\d\d ", re.MULTILINE), "12:00:00 "),
    (re.compile(r"(pytest|tilebox) \d+(\.\d+)+"), r"\1 VERSION"),
    (re.compile(r"and \d+ others"), "and 9 others"),
    (re.compile(r"^[A-Z][a-z ]+\.\.\.\n", re.MULTILINE), ""),  # a step that took longer than 2 s
    (re.compile(r" *\b\d+(\.\d)? ([KMG]i)?B\b"), " SIZE"),
    (re.compile(r"Python 3\.\d+\.\d+\S*, (tilebox\S*) \S+"), r"Python VERSION, \1 VERSION"),
)


class _TextFiles(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture(scope="module")
def world(tmp_path_factory, locked_project, clean_env):
    """A project with releases 1.2.0 and 1.3.0, and a store that has both; 1.2.0 is deployed. Beside it, an older project."""
    base = tmp_path_factory.mktemp("world")
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
    (base / "empty").mkdir()
    old = Path(shutil.copytree(locked_project("single_file"), base / "old"))
    (old / "tilebox.workflow.toml").unlink()
    (old / "pyproject.toml").write_text('[project]\nname = "tide-gauge"\nversion = "0.1.0"\ndependencies = ["tilebox-workflows"]\n')
    (base / "without.py").write_text(WITHOUT)
    (base / "scenes.json").write_text(json.dumps({"scenes": [SCENE]}))
    return base, environment


@pytest.mark.parametrize("name", SCREENS)
def test_screens(name, world, terminal, tmp_path, snapshot):
    base, environment = world
    command = SCREENS[name]
    line = command if command.startswith(("hatchling", "python")) else f"hatch-tilebox {command}"
    if name == "cache":
        environment = {**environment, "HATCH_TILEBOX_CACHE_DIR": str(tmp_path / "home/cache")}

    def shown(width):
        home = Path(shutil.copytree(base, tmp_path / "home", symlinks=True))
        folder = home / "scene-qa"
        options = {"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL}
        if before := BEFORE.get(name):
            subprocess.run(["bash", "-c", before], **options, capture_output=True, check=True)
        if width:
            text = _SGR.sub("", terminal.seen(line, folder, {**environment, "COLUMNS": str(width)}))
        else:
            text = subprocess.run(
                line.split(), check=False, **options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ).stdout.decode()
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
        lines = masked(text, home).splitlines()
        shutil.rmtree(home)
        return [*lines[:_MOST_LINES], "…"] if len(lines) > _MOST_LINES else lines

    screens = [f"$ {line}"]
    for width in (80, 120, 0):
        lines = shown(width)
        assert not [line for line in lines if line != line.rstrip()]
        assert not width or not [line for line in lines if len(line) > width and " " in line.strip() and not LONGER.match(line)]
        screens.append("\n".join([f"--- {f'{width} columns' if width else 'piped'} ---", *lines]))
    assert "\n\n".join(screens) + "\n" == snapshot(extension_class=_TextFiles)


def masked(text, folder):
    """Return a screen without what differs from run to run: paths, times, digests, ids, sizes and versions of tools."""
    text = text.replace(os.path.realpath(folder), "/home/you").replace(str(folder), "/home/you")
    for pattern, shown in _MASKS:
        text = pattern.sub(shown, text)
    return text.rstrip("\n")
