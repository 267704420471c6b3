"""The commit hook of this repository, run by pre-commit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from git_commits import commit_all

ROOT = Path(__file__).parents[2]
SHIPPED = [".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "src"]


@pytest.mark.frontends
def test_the_hook_finds_mistakes_before_they_are_committed(tmp_path, project, clean_env):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, hooks / name)
    folder = project("scene_qa")
    for repository in (hooks, folder):
        commit_all(repository)

    def run():
        command = ["uv", "tool", "run", "--quiet", "pre-commit", "try-repo", hooks, "hatch-tilebox-check", "--all-files"]
        environment = {**clean_env, "PRE_COMMIT_HOME": str(tmp_path / "home")}
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    good = run()
    assert good.returncode == 0, good.stdout + good.stderr
    assert "Passed" in good.stdout

    config = folder / "tilebox.workflow.toml"
    config.write_text(config.read_text().replace("include", "inclde"))
    bad = run()
    assert bad.returncode == 1
    assert 'did you mean "include"?' in bad.stdout
