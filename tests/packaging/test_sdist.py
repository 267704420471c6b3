"""An sdist holds all that a release needs: the wheel built from it comes with the same release."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile

import pytest

pytestmark = pytest.mark.frontends


def run(folder, env, *arguments):
    command = [sys.executable, "-m", "build", "--no-isolation", *arguments]
    result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stderr


def digests(folder, env):
    """Of the release built from the tree, and of the one built from its sdist."""
    result = []
    for arguments in (["--wheel"], []):
        run(folder, env, *arguments)
        (release,) = (folder / "dist").glob("*.tbrelease")
        result.append(hashlib.sha256(release.read_bytes()).hexdigest())
        release.unlink()
    return result


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_settings_that_drop_files_do_not_matter(project, clean_env):
    folder = project("virtual")
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build.targets.sdist]\nonly-include = ["pyproject.toml"]\n')
    direct, through_sdist = digests(folder, clean_env)
    assert direct == through_sdist
    with tarfile.open(next((folder / "dist").glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"tilebox.workflow.toml", "uv.lock", "water_mask/.gitignore", "water_mask/data/thresholds.json"} <= names


def test_ignored_files_stay_out_on_the_way(project, clean_env):
    """Hatchling packs what a nested `.gitignore` names, and adds PKG-INFO; a pattern that takes everything must see neither."""
    folder = project("virtual")
    edit(folder / "tilebox.workflow.toml", '"water_mask/**"', '"**"')
    (folder / "water_mask" / "data" / "scratch.json").write_text("{}")
    (folder / "water_mask" / "cache").mkdir()
    (folder / "water_mask" / "cache" / ".gitignore").write_text("*")
    (folder / "water_mask" / "cache" / "scene.py").write_text("")
    direct, through_sdist = digests(folder, clean_env)
    assert direct == through_sdist


def test_workflow_in_a_subfolder(project, clean_env):
    folder = project("single_file")
    (folder / "flow").mkdir()
    for name in ("runner.py", "uv.lock"):
        (folder / name).rename(folder / "flow" / name)
    (folder / "flow" / "pyproject.toml").write_text((folder / "pyproject.toml").read_text())
    edit(folder / "tilebox.workflow.toml", 'slug = "tide-gauge"', 'slug = "tide-gauge"\nroot = "flow"')
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build.targets.sdist]\nexclude = ["flow"]\n')
    direct, through_sdist = digests(folder, clean_env)
    assert direct == through_sdist


def test_rules_that_an_sdist_cannot_hold_are_named(project, clean_env):
    folder = project("single_file")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / ".git" / "info" / "exclude").write_text("private.py\n")
    (folder / "private.py").write_text("")
    assert ".git/info/exclude decides about files of the release" in run(folder, clean_env, "--sdist")
