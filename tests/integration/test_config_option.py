"""The option `config` applies to every command, in any folder of the project."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.frontends


@pytest.fixture(params=["table", "variable"])
def run(request, project, clean_env, tmp_path):
    """A function that runs a command in a folder of a project whose workflow is described in `deploy/flow.toml`."""
    root = project("single_file")
    (root / "deploy").mkdir()
    (root / "tilebox.workflow.toml").rename(root / "deploy" / "flow.toml")
    config = root / "deploy" / "flow.toml"
    text = config.read_text().replace("[workflow]", '[workflow]\nroot = ".."')
    config.write_text(f'{text}\n[targets.staging]\nclusters = ["cluster-a"]\n')
    env = dict(clean_env)
    if request.param == "variable":
        env["HATCH_TILEBOX_CONFIG"] = "deploy/flow.toml"
    else:
        pyproject = (root / "pyproject.toml").read_text()
        hook = "[tool.hatch.build.hooks.tilebox]\n"
        assert hook in pyproject
        (root / "pyproject.toml").write_text(pyproject.replace(hook, f'{hook}config = "deploy/flow.toml"\n'))

    def run(*arguments, folder="."):
        command = [sys.executable, "-m", "hatch_tilebox", *arguments]
        done = subprocess.run(command, cwd=root / folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_every_command(run, tmp_path):
    store = (tmp_path / "store").as_uri()
    assert json.loads(run("check", "--json"))["ok"]
    assert "runner.py" in [file["path"] for file in json.loads(run("files", "--json", folder="deploy"))["files"]]
    assert json.loads(run("files", "--why", "runner.py", "--json"))["selected"]
    built = json.loads(run("build", "--json", folder="deploy"))
    assert built["path"].endswith("dist/tide_gauge-0.1.0.tbrelease")
    published = json.loads(run("publish", "--to", store, "--deploy", "staging", "--json", folder="deploy"))
    assert published["deployment"]["clusters"] == ["cluster-a"]
    assert json.loads(run("releases", "--json", store, "--workflow", "tide-gauge"))["releases"]
    assert json.loads(run("undeploy", "--to", store, "--target", "staging", "--latest", "--json"))["clusters"] == ["cluster-a"]
