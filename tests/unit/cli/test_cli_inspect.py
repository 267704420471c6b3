"""`hatch-tilebox inspect` on archives, wheels and what is installed."""

from __future__ import annotations

import hashlib
import zipfile

import pytest
from hand_made_releases import GREET, PYPROJECT, write_release, write_sbom
from output_schema import check_output

from hatch_tilebox.archive.embedded import embedded_json
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.core.model import Task

POINT = {"type": "object", "title": "Point", "properties": {"x": {"type": "number"}}, "required": ["x"]}
MOVE = Task(
    "tests.Move",
    "v1.1",
    {"type": "object", "properties": {"to": {"$ref": "#/$defs/Point"}}, "required": ["to"], "$defs": {"Point": POINT}},
    "Move there.\nAt once.",
    "scene_qa.runner:Move",
)


@pytest.fixture
def release(tmp_path):
    (tmp_path / "tree").mkdir()
    return write_release(tmp_path / "tree", tmp_path, tasks=(GREET, MOVE, Task("tests.Odd", "v1.0")))


def test_readable(invoke, release):
    text = invoke("inspect", release).stdout
    digest = hashlib.sha256(release.read_bytes()).hexdigest()
    assert (
        "Workflow     scene-qa-5y9aK2\nProject      scene-qa 1.0.0\nPython       >=3.10\nWorker       scene_qa.runner:runner\n"
        in text
    )
    assert text.endswith(f"\nDigest       sha256:{digest}\n")
    lines = [line.strip() for line in text.splitlines()]
    tasks = lines[lines.index("Tasks") + 1 : lines.index("Files")]
    assert tasks == [
        *("tests.Greet  v1.0", "input: string"),
        *("tests.Move  v1.1", "Move there. At once.", "input: to: Point"),
        *("tests.Odd  v1.0", "input: unknown", ""),
    ]
    assert f"  pyproject.toml      {len(PYPROJECT)} B\n" in text


def test_inputs_in_full(invoke, release):
    lines = [line.strip() for line in invoke("inspect", "-v", release).stdout.splitlines()]
    start = lines.index("Move there. At once.")
    assert lines[start + 1 : start + 5] == ["input:", "to  Point", "Point:", "x  number"]


def test_json(invoke, release):
    result = check_output("inspect", invoke("inspect", "--json", release).stdout)
    assert result["size"] == release.stat().st_size
    assert [task["name"] for task in result["manifest"]["tasks"]] == ["tests.Greet", "tests.Move", "tests.Odd"]


def test_facts_come_from_the_first_block(invoke, release, tmp_path):
    """The rest of the file is read only for the digest."""
    longer = tmp_path / "longer.tbrelease"
    longer.write_bytes(release.read_bytes() + b"what no release has")
    facts = invoke("inspect", "--no-digest", longer).stdout
    tasks_and_files = facts.partition("\nTasks\n")[2]
    assert f"\nTasks\n{tasks_and_files}\nDigest " in invoke("inspect", release).stdout
    assert check_output("inspect", invoke("inspect", "--no-digest", "--json", longer).stdout)["digest"] is None


def test_wheel(invoke, release, tmp_path):
    manifest, artifact = check_archive(release)
    wheel = tmp_path / "scene_qa-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("scene_qa-1.0.0.dist-info/extra_metadata/tilebox/release.json", embedded_json(manifest, artifact))
    result = check_output("inspect", invoke("inspect", "--json", wheel).stdout)
    assert (result["digest"], result["size"]) == (artifact.sha256, artifact.size)


def test_components_of_the_sbom(invoke, release):
    write_sbom(
        release,
        components=[
            {"name": "numpy", "version": "2.0", "licenses": [{"license": {"id": "BSD-3-Clause"}}]},
            {"name": "idna\x1b[2J", "version": "3.1", "purl": "pkg:pypi/idna@3.1"},
        ],
    )
    lines = invoke("inspect", "--sbom", release).stdout.splitlines()
    assert lines == [
        "scene-qa 1.0.0: 2 components",
        "",
        "Component    Version  License",
        r"idna\x1b[2J  3.1",
        "numpy        2.0      BSD-3-Clause",
    ]
    result = check_output("inspect", invoke("inspect", "--sbom", "--json", release).stdout)
    assert result["components"][1] == {"name": "numpy", "version": "2.0", "license": "BSD-3-Clause", "purl": ""}


def test_a_release_without_an_sbom(invoke, release):
    result = invoke("inspect", "--sbom", release)
    assert result.exit_code == 1
    assert "error[TBX408]: the release has no SBOM" in result.stderr
    assert "hatch-tilebox build --sbom" in result.stderr


def test_a_published_release(invoke, release, tmp_path):
    store = tmp_path / "store"
    write_sbom(release, components=[{"name": "idna", "version": "3.1"}])
    assert invoke("publish", release, "--to", store, "-q").exit_code == 0
    local = check_output("inspect", invoke("inspect", "--sbom", "--json", release).stdout)
    published = invoke("inspect", "--from", store, "--release", "1.0.0", "--sbom", "--json")
    assert check_output("inspect", published.stdout) == local
    assert invoke("inspect", "--from", store, "--sbom").stdout == invoke("inspect", "--sbom", release).stdout
    assert invoke("inspect", "--from", store).stdout == invoke("inspect", release).stdout
    (sbom,) = store.glob("attachments/*/*.cdx.json")
    sbom.unlink()
    assert "error[TBX408]: the release has no SBOM" in invoke("inspect", "--from", store, "--sbom").stderr
    result = invoke("inspect", release, "--from", store)
    assert (result.exit_code, "either a file or a published release" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.tbrelease", "cannot be read: No such file"),
        ("missing.whl", "cannot be read as a wheel"),
        ("zzz-missing", "no distribution named 'zzz-missing' is installed"),
        ("zzz.missing", "no distribution named 'zzz.missing' is installed"),
        ("click", "has no Tilebox release in it"),
    ],
)
def test_nothing_to_inspect(invoke, name, message):
    result = invoke("inspect", name)
    assert result.exit_code == 1
    assert message in result.stderr
