"""An sdist contains everything that a release needs: a build from the sdist gives the same release."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from git_commits import git
from programs import edit, run

from hatch_tilebox.archive.reader import read_manifest

pytestmark = pytest.mark.frontends
BUILD = [sys.executable, "-m", "build", "--no-isolation"]


def digests(folder, env):
    """Of the release built from the tree, and of the one built from its sdist."""
    result = []
    for arguments in (["--wheel"], []):
        run([*BUILD, *arguments], folder, env)
        (release,) = (folder / "dist").glob("*.tbrelease")
        result.append(hashlib.sha256(release.read_bytes()).hexdigest())
        release.unlink()
    return result


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


def test_rules_that_an_sdist_cannot_hold_count_all_the_same(project, clean_env):
    folder = project("single_file")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / ".git" / "info" / "exclude").write_text("private.py\n/scratch/\n")
    (folder / "private.py").write_text("")
    (folder / "scratch").mkdir()
    (folder / "scratch" / "trial.py").write_text("")
    direct, through_sdist = digests(folder, clean_env)
    assert direct == through_sdist


def test_environments_and_caches_stay_out_except_for_named_files(project, clean_env):
    """Also where the sdist lacks what marks them as such."""
    folder = project("single_file")
    edit(folder / "tilebox.workflow.toml", '"**/*.py"', '"**/*.py", "node_modules/chart/named.py"')
    for path in ("conda/conda-meta/a.py", "conda/lib/a.py", "cache/a.py", "node_modules/chart/named.py", "node_modules/chart/a.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")
    (folder / "cache" / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build.targets.sdist]\nexclude = ["conda-meta", "CACHEDIR.TAG", "named.py"]\n')
    direct, through_sdist = digests(folder, clean_env)
    assert direct == through_sdist
    run([*BUILD, "--wheel"], folder, clean_env)
    (release,) = (folder / "dist").glob("*.tbrelease")
    paths = {file.path for file in read_manifest(release).files}
    assert {path for path in paths if "/" in path} == {"node_modules/chart/named.py"}


def test_what_hatchling_adds_stays_out(project, clean_env):
    folder = project("single_file")
    (folder.parent / "shared.py").write_text("")
    (folder.parent / ".hgignore").write_text("")
    edit(folder / "tilebox.workflow.toml", '"**/*.py"', '"**"')
    with (folder / "pyproject.toml").open("a") as file:
        file.write(
            '\n[tool.hatch.build.targets.sdist]\nsupport-legacy = true\nforce-include = {"../shared.py" = "lib/shared.py"}\n'
        )
    direct, through_sdist = digests(folder, clean_env)
    assert direct == through_sdist


def test_an_sdist_that_replaces_a_file_of_the_release_is_not_built(project, clean_env):
    folder = project("single_file")
    (folder / "other.py").write_text("")
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build.targets.sdist.force-include]\n"other.py" = "runner.py"\n')
    command = [sys.executable, "-m", "build", "--no-isolation", "--sdist"]
    done = subprocess.run(command, cwd=folder, env=clean_env, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "the sdist has another file as runner.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_sdist_of_an_unpacked_sdist(project, clean_env, tmp_path):
    folder = project("virtual")
    (folder.parent / ".gitignore").write_text("*.json\n")
    edit(folder / "tilebox.workflow.toml", '"water_mask/**"', '"**"')
    direct, _ = digests(folder, clean_env)
    with tarfile.open(next((folder / "dist").glob("*.tar.gz"))) as sdist:
        sdist.extractall(tmp_path / "elsewhere", filter="data")
    (unpacked,) = (tmp_path / "elsewhere").iterdir()
    assert set(digests(unpacked, clean_env)) == {direct}


def in_a_repository(top, source):
    """The project in a folder of a repository, whose ignore files name files of the release."""
    git(top, "init", "-q", ".")
    (top / ".gitignore").write_text("*.json\n*.lock\n")
    (top / ".git" / "info" / "exclude").write_text("limits.py\n")
    return Path(shutil.copytree(source, top / "flows" / "project"))


def with_ignore_files_of_its_own(top, source):
    folder = in_a_repository(top, source)
    (folder / ".gitignore").write_text("!*.json\nsecond.py\n")
    (folder / "second.py").write_text("")
    (folder / "water_mask" / "tmp").mkdir()
    (folder / "water_mask" / "tmp" / ".gitignore").write_text("*.txt\n")
    (folder / "water_mask" / "tmp" / "notes.txt").write_text("")
    return folder


def below_an_ignore_file_alone(top, source):
    (top / ".gitignore").write_text("*\n")
    return Path(shutil.copytree(source, top / "project"))


def committed(top, source):
    origin = Path(shutil.copytree(source, top / "origin"))
    git(origin, "init", "-q", "-b", "main", ".")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "x")
    (origin / ".git" / "info" / "exclude").write_text("private.md\n")
    return origin


def in_a_worktree(top, source):
    origin = committed(top, source)
    git(origin, "worktree", "add", "-q", "--detach", str(top / "worktree"))
    (top / ".gitignore").write_text("*.json\n")
    (top / "worktree" / "private.md").write_text("")
    return top / "worktree"


def as_a_submodule(top, source):
    origin = committed(top, source)
    parent = top / "parent"
    parent.mkdir()
    git(parent, "init", "-q", ".")
    (parent / ".gitignore").write_text("*.json\n")
    git(parent, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(origin), "project")
    return parent / "project"


FRONTENDS = {
    "hatch-tilebox": [sys.executable, "-m", "hatch_tilebox", "build"],
    "uv": ["uv", "build"],
    "build": [sys.executable, "-m", "build", "--no-isolation"],
    "hatch": ["hatch", "build", "-t", "tilebox"],
    "hatch wheel": ["hatch", "build"],
}


@pytest.mark.parametrize("own_backend", [False, True], ids=["hatchling", "own backend"])
@pytest.mark.parametrize(
    "place",
    [in_a_repository, with_ignore_files_of_its_own, below_an_ignore_file_alone, in_a_worktree, as_a_submodule],
    ids=lambda place: place.__name__,
)
def test_one_release_whatever_lies_above(project, frontend_env, tmp_path, place, own_backend):
    source = project("virtual")
    edit(source / "tilebox.workflow.toml", '"water_mask/**"', '"**"')
    if own_backend:
        edit(source / "pyproject.toml", 'build-backend = "hatchling.build"', 'build-backend = "hatch_tilebox.backend"')
    (tmp_path / "top").mkdir()
    folder = place(tmp_path / "top", source)
    found = {}
    for name, command in FRONTENDS.items():
        if own_backend and "hatch" in command[0]:  # hatch keeps no release of another backend than its own
            continue
        done = subprocess.run(command, cwd=folder, env=frontend_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}\n{done.stdout}\n{done.stderr}"
        (release,) = (folder / "dist").glob("*.tbrelease")
        found[name] = hashlib.sha256(release.read_bytes()).hexdigest()
        shutil.rmtree(folder / "dist")
    assert len(set(found.values())) == 1, found
