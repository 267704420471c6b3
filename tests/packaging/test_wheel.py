"""The content of a wheel that is built with a release, and the release that it names."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import subprocess
import sys
import zipfile

import pytest
from programs import run

from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.wheel import read_wheel

pytestmark = pytest.mark.frontends

EMBEDDED = "extra_metadata/tilebox/release.json"


def build(folder, env, **extra):
    """A wheel built by hatchling in this interpreter, with its release beside it."""
    result = run([sys.executable, "-m", "build", "--wheel", "--no-isolation"], folder, {**env, **extra})
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel, result.stderr


def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def configure(folder, text):
    with (folder / "pyproject.toml").open("a") as file:
        file.write(text)


def test_wheel_names_the_release_built_with_it(project, clean_env):
    wheel, _ = build(folder := project("scene_qa"), clean_env)
    release = folder / "dist" / "scene_qa-1.2.0.tbrelease"
    manifest, artifact = check_archive(release)
    embedded = read_wheel(wheel)
    assert embedded.manifest == manifest
    assert (embedded.filename, embedded.sha256, embedded.size) == (release.name, artifact.sha256, artifact.size)


def test_record_lists_the_embedded_manifest(project, clean_env):
    wheel, _ = build(project("scene_qa"), clean_env)
    with zipfile.ZipFile(wheel) as archive:
        record = archive.read("scene_qa-1.2.0.dist-info/RECORD").decode().splitlines()
        rows = {name: (digest, size) for name, digest, size in csv.reader(record)}
        data = archive.read(f"scene_qa-1.2.0.dist-info/{EMBEDDED}")
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    assert rows[f"scene_qa-1.2.0.dist-info/{EMBEDDED}"] == (f"sha256={digest}", str(len(data)))


def test_installed_wheel_tells_its_release(project, clean_env, tmp_path):
    wheel, _ = build(project("scene_qa"), clean_env)
    environment = tmp_path / "env"
    run(["uv", "venv", "-q", environment], tmp_path, clean_env)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(["uv", "pip", "install", "-q", "--no-deps", "-p", python, wheel], tmp_path, clean_env)
    site = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path, clean_env).stdout.strip()
    code = "import hatch_tilebox, json; print(json.dumps(hatch_tilebox.release_metadata('scene-qa')))"
    found = json.loads(run([sys.executable, "-c", code], tmp_path, {**clean_env, "PYTHONPATH": site}).stdout)
    assert found["workflow"]["slug"] == "scene-qa-5y9aK2ydM1f76n"
    assert found["artifact"]["filename"] == "scene_qa-1.2.0.tbrelease"
    run([python, "-c", "import scene_qa.scenes"], tmp_path, clean_env)


def test_other_tools_accept_the_wheel(project, clean_env, tmp_path):
    wheel, _ = build(project("single_file"), clean_env)
    run(["uvx", "twine", "check", wheel], tmp_path, clean_env)
    run(["uvx", "check-wheel-contents", wheel], tmp_path, clean_env)


def test_embedding_can_be_turned_off(project, clean_env):
    folder = project("single_file")
    configure(folder, "embed = false\n")
    wheel, _ = build(folder, clean_env)
    assert not any(name.endswith(EMBEDDED) for name in names(wheel))
    assert list((folder / "dist").glob("*.tbrelease"))


def test_wheel_ships_the_modules_that_hatchling_cannot_place(project, clean_env):
    wheel, _ = build(project("single_file"), clean_env)
    assert [name for name in names(wheel) if ".dist-info" not in name] == ["runner.py"]


def test_package_data_goes_with_its_package(project, clean_env):
    folder = project("virtual")
    path = folder / "pyproject.toml"
    path.write_text(path.read_text().replace('"water-mask"', '"flood-watch"'))
    run(["uv", "lock", "-q"], folder, clean_env)
    wheel, _ = build(folder, clean_env)
    assert [name for name in names(wheel) if ".dist-info" not in name] == [
        "water_mask/.gitignore",
        "water_mask/__init__.py",
        "water_mask/data/thresholds.json",
        "water_mask/runner.py",
    ]


def test_configured_wheel_files_win(project, clean_env):
    folder = project("single_file")
    (folder / "extra.py").write_text("")
    configure(folder, '\n[tool.hatch.build.targets.wheel]\nonly-include = ["extra.py"]\n')
    wheel, _ = build(folder, clean_env)
    assert [name for name in names(wheel) if ".dist-info" not in name] == ["extra.py"]


def test_skip_builds_a_wheel_without_a_release_and_says_so(project, clean_env):
    folder = project("single_file")
    wheel, output = build(folder, clean_env, HATCH_TILEBOX_SKIP="1")
    assert "WITHOUT a Tilebox release" in output
    assert [name for name in names(wheel) if ".dist-info" not in name] == ["runner.py"]
    assert not any(name.endswith(EMBEDDED) for name in names(wheel))
    assert [path.suffix for path in (folder / "dist").iterdir()] == [".whl"]


@pytest.mark.parametrize("break_it", ["missing", "malformed", "bad option"])
@pytest.mark.parametrize("arguments", [["--wheel"], ["--sdist"]])
def test_skip_skips_everything(project, clean_env, break_it, arguments):
    folder = project("scene_qa")
    if break_it == "missing":
        (folder / "tilebox.workflow.toml").unlink()
    elif break_it == "malformed":
        (folder / "tilebox.workflow.toml").write_text("[workflow")
    else:
        configure(folder, 'max-size = "huge"\n')
    env = {**clean_env, "HATCH_TILEBOX_SKIP": "1"}
    result = run([sys.executable, "-m", "build", "--no-isolation", *arguments], folder, env)
    assert "skip is set" in result.stderr
    assert not list((folder / "dist").glob("*.tbrelease"))


def test_a_skip_that_is_neither_true_nor_false_is_an_error(project, clean_env):
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    env = {**clean_env, "HATCH_TILEBOX_SKIP": "maybe"}
    result = subprocess.run(command, cwd=project("single_file"), env=env, capture_output=True, text=True, check=False)
    assert result.returncode
    assert 'HATCH_TILEBOX_SKIP: must be true or false, not "maybe"' in result.stderr
    assert "Traceback" not in result.stderr


def test_output_dir_keeps_the_release_elsewhere(project, clean_env):
    folder = project("single_file")
    configure(folder, 'output-dir = "releases"\n')
    build(folder, clean_env)
    assert [path.name for path in (folder / "releases").iterdir()] == ["tide_gauge-0.1.0.tbrelease"]
    assert [path.suffix for path in (folder / "dist").iterdir()] == [".whl"]


def test_editable_build_has_no_release(project, frontend_env, tmp_path):
    """`uv run` in a project with a build system builds an editable wheel. The hook must not recurse, and must cost nothing."""
    folder = project("src_layout")
    environment = tmp_path / "env"
    run(["uv", "venv", "-q", environment], tmp_path, frontend_env)
    result = run(["uv", "pip", "install", "-v", "--no-deps", "-p", environment, "-e", folder], tmp_path, frontend_env)
    assert "build_editable" in result.stderr
    assert "Selecting files" not in result.stderr
    assert not (folder / "dist").exists()
