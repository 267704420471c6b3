"""A package of an extra that is missing alone is named, with the command that installs it, and without a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit
from report_samples import job, release

ROOT = Path(__file__).parents[3]
BLOCKED = "import sys; sys.modules[sys.argv.pop(1)] = None; from hatch_tilebox.cli import main; main()"
DYNAMIC = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "tide-gauge"
dynamic = ["version"]
"""
CASES = [
    ("click", "build", "the command line", "TBX902"),
    ("rich", "build", "the command line", "TBX902"),
    ("jsonschema", "run RELEASE CheckScene scene_id=A", "checking the input", "TBX902"),
    ("referencing", "run RELEASE CheckScene scene_id=A", "checking the input", "TBX902"),
    ("jsonschema", "report --run job.json", "reading the result of a run", "TBX902"),
    ("pyproject_hooks", "build project", "asking setuptools.build_meta for the metadata of the project", "TBX902"),
    ("httpx", "releases oci://registry.example/flows", "publishing to Tilebox and to OCI registries", "TBX509"),
    ("sigstore", "sign RELEASE", "signing a statement and checking its signature", "TBX412"),
    ("tenacity", "releases tilebox", "publishing to Tilebox and to OCI registries", "TBX509"),
]


@pytest.mark.parametrize(("module", "command", "purpose", "code"), CASES)
def test_the_message_names_the_module_and_the_command(tmp_path, small_project, clean_env, module, command, purpose, code):
    (tmp_path / "job.json").write_text(json.dumps(job()))
    small_project({"pyproject.toml": DYNAMIC})
    arguments = [str(release(tmp_path)) if part == "RELEASE" else part for part in command.split()]
    environment = {**clean_env, "TILEBOX_API_KEY": "key"}
    process = [sys.executable, "-c", BLOCKED, module, *arguments]
    done = subprocess.run(process, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    extra = {"TBX412": "cli,sign", "TBX509": "cli,publish"}.get(code, "cli")
    assert done.stderr.endswith(
        f'error[{code}]: {purpose} needs the module {module}, which is not installed\nhelp: pip install "hatch-tilebox[{extra}]"\n'
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_every_package_of_an_extra_is_tested():
    extras = tomlkit.parse((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {line.partition(">")[0].replace("-", "_") for lines in extras.values() for line in lines}
    assert names <= {module for module, *_ in CASES}
