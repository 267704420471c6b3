"""What `check` says about the platforms of release runners, from locks that uv reads."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from click.testing import CliRunner

from hatch_tilebox.cli.app import app
from hatch_tilebox.core.runner_image import PYTHONS
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.project.runner_platforms import IMAGE_PLATFORMS, check_installations, platforms_of, read_installations, summaries

PYPROJECT = """\
[project]
name = "river-gauge"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [{names}]

[tool.uv]
package = false
"""
LOCK_HEAD = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "river-gauge"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [{dependencies}]

[package.metadata]
requires-dist = [{dependencies}]
"""
MB = 1_000_000


def lock_project(folder, packages):
    """A project whose lock has these packages: name to (marker, sizes of wheels by tags, size of the sdist or None)."""
    dependencies, entries = [], []
    for name, (marker, wheels, sdist) in packages.items():
        dependencies.append(f'{{ name = "{name}"{f", marker = {marker!r}" if marker else ""} }}')
        base = f"https://packages.example/{name.replace('-', '_')}-1.0"
        digest = f"sha256:{'0' * 64}"
        files = [f'    {{ url = "{base}-{tags}.whl", hash = "{digest}", size = {size} }},' for tags, size in wheels.items()]
        entry = ["[[package]]", f'name = "{name}"', 'version = "1.0"', 'source = { registry = "https://pypi.org/simple" }']
        entry += [f'sdist = {{ url = "{base}.tar.gz", hash = "{digest}", size = {sdist} }}'] if sdist else []
        entry += ["wheels = [", *files, "]"] if files else []
        entries.append("\n".join(entry))
    joined = ", ".join(dependencies)
    folder.joinpath("pyproject.toml").write_text(PYPROJECT.format(names=", ".join(f'"{name}"' for name in packages)))
    text = "\n\n".join([LOCK_HEAD.format(dependencies=joined).rstrip(), *entries]) + "\n"
    folder.joinpath("uv.lock").write_text(text)
    return folder


def read(folder, *platforms, **configuration):
    return read_installations(folder, require_uv(), platforms or IMAGE_PLATFORMS, configuration)


def test_the_wheel_of_each_platform_counts(tmp_path):
    wheels = {
        "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64": 3 * MB,
        "cp312-cp312-manylinux_2_28_aarch64": 4 * MB,
        "cp312-cp312-musllinux_1_2_x86_64": 5 * MB,
        "cp311-abi3-manylinux2014_x86_64": 6 * MB,
        "cp312-cp312-win_amd64": 7 * MB,
    }
    lock_project(tmp_path, {"fast-grid": (None, wheels, MB), "words": (None, {"py3-none-any": 2 * MB}, MB)})
    downloads = {item.platform: (item.packages, item.download // MB, item.compiled) for item in read(tmp_path)}
    assert downloads == {
        "linux-x86_64-cp312": (2, 5, ()),
        "linux-x86_64-cp313": (2, 8, ()),
        "linux-x86_64-cp314": (2, 8, ()),
        "linux-aarch64-cp312": (2, 6, ()),
        "linux-aarch64-cp313": (2, 3, ("fast-grid 1.0",)),
        "linux-aarch64-cp314": (2, 3, ("fast-grid 1.0",)),
    }


def test_markers_decide_what_is_installed(tmp_path):
    anywhere = {"py3-none-any": MB}
    lock_project(
        tmp_path,
        {
            "old-typing": ("python_full_version < '3.13'", anywhere, None),
            "for-arm": ("platform_machine == 'aarch64'", anywhere, None),
            "for-windows": ("sys_platform == 'win32'", anywhere, None),
        },
    )
    counts = {item.platform: item.packages for item in read(tmp_path)}
    assert [counts[platform] for platform in IMAGE_PLATFORMS] == [1, 0, 0, 2, 1, 1]


def test_what_is_built_compiled_and_impossible(tmp_path):
    lock_project(
        tmp_path,
        {
            "no-wheels": (None, {}, MB),
            "other-platforms": (None, {"cp312-cp312-macosx_11_0_arm64": MB}, MB),
            "nowhere": (None, {"cp312-cp312-win_amd64": MB}, None),
            "nvidia-cublas-cu12": (None, {"py3-none-manylinux2014_x86_64": 500 * MB}, MB),
        },
    )
    [item] = read(tmp_path, "linux-x86_64-cp312")
    assert (item.built, item.compiled) == (("no-wheels 1.0",), ("other-platforms 1.0",))
    assert (item.impossible, item.cuda) == (("nowhere 1.0",), ("nvidia-cublas-cu12 1.0",))
    errors, warnings = check_installations([item], chosen=False)
    assert not errors
    assert [warning.message.partition(" 1.0")[0] for warning in warnings[:2]] == ["nowhere", "other-platforms"]
    assert "CUDA" in warnings[2].message
    errors, warnings = check_installations([item], chosen=True)
    assert [error.message.partition(" 1.0")[0] for error in errors] == ["nowhere"]
    assert [warning.message.partition(" 1.0")[0] for warning in warnings] == ["other-platforms"]


def test_other_indexes_are_shown(tmp_path):
    lock_project(tmp_path, {"ours": (None, {"py3-none-any": MB}, None), "theirs": (None, {"py3-none-any": MB}, None)})
    lock = tmp_path / "uv.lock"
    private = 'name = "ours"\nversion = "1.0"\nsource = { registry = "https://me:secret@packages.example/simple" }'
    lock.write_text(lock.read_text().replace(private.replace("me:secret@packages.example", "pypi.org"), private))
    [item] = read(tmp_path, "linux-x86_64-cp312")
    assert dict(item.indexes) == {"https://packages.example/simple": 1}
    assert summaries([item]) == ["linux-x86_64-cp312: 2 packages, 1.9 MiB to download, 1 from https://packages.example/simple"]


def test_uv_settings_about_binaries_count(tmp_path):
    lock_project(tmp_path, {"pure-package": (None, {"py3-none-any": MB}, 2 * MB), "only-source": (None, {}, MB)})
    [item] = read(tmp_path, "linux-x86_64-cp312", **{"no-binary-package": ["Pure.Package"], "no-build-package": ["only-source"]})
    assert (item.compiled, item.impossible, item.download) == (("pure-package 1.0",), ("only-source 1.0",), 2 * MB)


def test_a_damaged_lock_is_for_others_to_report(tmp_path):
    lock_project(tmp_path, {})
    (tmp_path / "uv.lock").write_text("version = [")
    assert read(tmp_path) == []


def test_wheels_in_files_are_judged_by_their_tags(tmp_path):
    """Also those that `vendor` puts into a release; a folder counts as a wheel that fits."""
    lock_project(tmp_path, {"plain": ("", {"py3-none-any": MB}, None)})
    wheel = "local-1.0-cp313-cp313-manylinux_2_17_x86_64.whl"
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / wheel).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "pyproject.toml").write_text('[project]\nname = "folder"\nversion = "1"\n')
    edit = (
        (tmp_path / "uv.lock")
        .read_text()
        .replace('{ name = "plain" }', '{ name = "plain" }, { name = "local" }, { name = "folder" }')
    )
    edit += f'\n[[package]]\nname = "local"\nversion = "1.0"\nsource = {{ path = "wheels/{wheel}" }}\n'
    edit += f'wheels = [{{ filename = "{wheel}", hash = "sha256:{"0" * 64}" }}]\n'
    edit += '\n[[package]]\nname = "folder"\nversion = "1"\nsource = { editable = "folder" }\n'
    (tmp_path / "uv.lock").write_text(edit)
    fits, does_not = read(tmp_path, "linux-x86_64-cp313", "linux-aarch64-cp313")
    assert (fits.packages, fits.sized, fits.impossible) == (3, 3, ())
    assert (does_not.packages, does_not.sized, does_not.impossible) == (3, 2, ("local 1.0",))


@pytest.mark.parametrize(
    ("requires_python", "pinned", "versions"),
    [
        (None, None, {12, 13, 14}),
        (">=3.13", None, {13, 14}),
        (">=3.10,<3.13", None, {12}),
        (">=3.12.4", None, {12, 13, 14}),
        ("==3.13.*", None, {13}),
        ("<3.12", None, set()),
        ("<=3.12", None, {12}),
        ("not a specifier", None, {12, 13, 14}),
        (">=3.11", "3.12\n", {12}),
        (">=3.11", "cpython-3.13.2\n", {13}),
        (">=3.11", "pypy\n", {12, 13, 14}),
    ],
)
def test_pythons_that_the_project_excludes_do_not_count(requires_python, pinned, versions):
    assert {int(platform[-2:]) for platform in platforms_of((), requires_python, pinned)} == versions


def test_named_runners_are_taken_as_they_are():
    assert platforms_of(["linux-aarch64-cp311"], ">=3.13", "3.14") == ("linux-aarch64-cp311",)


@pytest.mark.runtime
def test_check_shows_what_runners_install(project, monkeypatch):
    monkeypatch.chdir(project("automations"))
    invoke = CliRunner().invoke
    answer = json.loads(invoke(app, ["check", "--json"]).stdout)
    assert [item["platform"] for item in answer["runners"]] == list(IMAGE_PLATFORMS)
    assert all(item["packages"] > 20 and item["download"] > 10 * MB and not item["impossible"] for item in answer["runners"])
    shown = invoke(app, ["check"]).stdout
    assert "6 runner platforms, at most " in shown
    monkeypatch.setenv("HATCH_TILEBOX_RUNNERS", "linux-x86_64-cp313")
    assert "\nlinux-x86_64-cp313: " in invoke(app, ["check"]).stdout
    assert invoke(app, ["check", "-v"]).stdout.count("linux-") == 1


@pytest.mark.runtime
def test_verify_starts_on_each_python_of_the_image(project, monkeypatch):
    """One that this machine lacks is a warning; with `.python-version` in the release only that one counts."""
    invoke, root = CliRunner().invoke, project("automations")
    monkeypatch.chdir(root)
    assert invoke(app, ["build"]).exit_code == 0
    [release] = root.glob("dist/*.tbrelease")
    find = ["uv", "python", "find", "--no-project", "--no-python-downloads"]
    here = [python for python in PYTHONS if subprocess.run([*find, python], check=False).returncode == 0]
    result = invoke(app, ["verify", "--runner", str(release)])
    assert result.exit_code == 0, result.stderr
    assert re.findall(r"Python (\d+\.\d+)\.\d+, tilebox-workflows", result.stderr) == here
    missing = [python for python in PYTHONS if python not in here]
    assert ("not started on Python" in result.stderr) == bool(missing)
    (root / ".python-version").write_text(f"{here[0]}\n")
    config = root / "tilebox.workflow.toml"
    config.write_text(config.read_text().replace("include = [", 'include = [".python-version", '))
    assert invoke(app, ["build"]).exit_code == 0
    result = invoke(app, ["verify", "--runner", str(release)])
    assert re.findall(r"Python (\d+\.\d+)\.\d+, tilebox-workflows", result.stderr) == here[:1]
