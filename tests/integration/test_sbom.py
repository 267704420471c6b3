"""The SBOM of a release: written beside it and into the wheel, valid, and always the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from output_schema import check_output

from hatch_tilebox.archive.reader import check_archive

pytestmark = pytest.mark.runtime


def build(folder, env):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    return subprocess.run(
        command, cwd=folder, env={**env, "HATCH_TILEBOX_SBOM": "true"}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def dist(locked_project, clean_env, tmp_path_factory):
    """The output folder of a build with an SBOM."""
    folder = tmp_path_factory.mktemp("sbom") / "project"
    shutil.copytree(locked_project("scene_qa"), folder)
    result = build(folder, clean_env)
    assert result.returncode == 0, result.stderr
    return folder / "dist"


def test_it_is_valid_and_describes_the_release(dist):
    text = (dist / "scene_qa-1.2.0.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    manifest, artifact = check_archive(dist / "scene_qa-1.2.0.tbrelease")
    release = json.loads(text)["metadata"]["component"]
    assert (release["name"], release["version"]) == ("scene-qa", "1.2.0")
    assert release["hashes"] == [{"alg": "SHA-256", "content": artifact.sha256}]
    assert {"name": "tilebox:fingerprint", "value": manifest.fingerprint} in release["properties"]


def test_it_lists_what_runners_install(dist):
    document = json.loads((dist / "scene_qa-1.2.0.cdx.json").read_text())
    components = {component["name"]: component for component in document["components"]}
    assert {"tilebox-workflows", "grpcio"} <= components.keys()
    assert not {"colorama", "pywin32-ctypes"} & components.keys()  # for Windows
    assert all(component["hashes"] for component in components.values())
    assert len(components["grpcio"]["hashes"]) > len(components["anyio"]["hashes"]) == 1  # a wheel for each platform
    dependencies = {item["ref"]: item["dependsOn"] for item in document["dependencies"]}
    assert {*dependencies}.union(*dependencies.values()) <= {each["bom-ref"] for each in components.values()} | {"release"}
    assert components["tilebox-workflows"]["purl"] in dependencies["release"]
    assert "://" not in json.dumps(document)  # addresses of indexes may be private


def test_it_is_in_the_wheel(dist):
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read("scene_qa-1.2.0.dist-info/sboms/scene_qa-1.2.0.cdx.json")
    assert content == (dist / "scene_qa-1.2.0.cdx.json").read_bytes()


def test_inspect_shows_it(dist, clean_env):
    (wheel,) = dist.glob("*.whl")
    shown = []
    for file in (dist / "scene_qa-1.2.0.tbrelease", wheel):
        command = [sys.executable, "-m", "hatch_tilebox", "inspect", "--sbom", "--json", file]
        result = subprocess.run(command, env=clean_env, capture_output=True, text=True, check=True)
        shown.append(check_output("inspect", result.stdout)["components"])
    assert shown[0] == shown[1]
    expected = json.loads((dist / "scene_qa-1.2.0.cdx.json").read_text())["components"]
    assert {(item["name"], item["purl"]) for item in shown[0]} == {(item["name"], item["purl"]) for item in expected}


def test_the_same_release_gives_the_same_bytes(dist, project, clean_env):
    folder = project("scene_qa")
    assert build(folder, clean_env).returncode == 0
    assert (folder / "dist/scene_qa-1.2.0.cdx.json").read_bytes() == (dist / "scene_qa-1.2.0.cdx.json").read_bytes()


def test_without_a_lock_it_is_an_error(project, clean_env):
    folder = project("scene_qa")
    (folder / "uv.lock").unlink()
    result = build(folder, clean_env)
    assert result.returncode != 0
    assert "error[TBX216]: an SBOM lists the packages of uv.lock, and the release has none" in result.stderr
    assert "Traceback" not in result.stderr
