"""Packages in folders of this machine become wheels of the release."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.model import Pattern, Project, ReleaseManifest, Workflow
from hatch_tilebox.core.uv_lock import parse_lock
from hatch_tilebox.project.freshness import differences
from hatch_tilebox.project.open import open_project
from hatch_tilebox.project.vendor.local_packages import local_sources
from hatch_tilebox.project.vendor.release import carried_files, vendor
from hatch_tilebox.selection.select import select_files

pytestmark = pytest.mark.runtime

FLOWS = """\
[project]
name = "flows"
version = "1"
requires-python = ">=3.11"
dependencies = ["shared"]

[tool.uv]
package = false

[tool.uv.sources]
shared = { path = "../shared"%s }
"""
SHARED = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "shared"
version = "3.1"
requires-python = ">=3.11"
"""
BACKEND = """\
import os
import zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "shared-3.1-{tag}.whl"
    files = {{
        "shared.py": "VALUE = 1\\n# " + {salt},
        "shared-3.1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: shared\\nVersion: 3.1\\nRequires-Python: >=3.11\\n",
        "shared-3.1.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: {tag}\\n",
        "shared-3.1.dist-info/RECORD": "",
    }}
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path), text)
    return name
"""


@pytest.fixture
def workflow(tmp_path, monkeypatch):
    """A function that makes the project `flows` with a package `shared` beside it; gives the folder of the project."""
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))

    def make(*, tag="py3-none-any", salt="''", shared=SHARED, options=""):
        for name, text in {
            "flows/pyproject.toml": FLOWS % options,
            "flows/runner.py": "import shared\n",
            "shared/pyproject.toml": shared,
            "shared/backend.py": BACKEND.format(tag=tag, salt=salt),
            "shared/.gitignore": "notes.txt\n",
        }.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        subprocess.run(["uv", "lock", "--quiet"], cwd=tmp_path / "flows", check=True)
        return tmp_path / "flows"

    return make


def select(root):
    return select_files(root, [Pattern("pyproject.toml"), Pattern("uv.lock"), Pattern("*.py")])


@pytest.mark.parametrize("options", ["", ", editable = true"])
def test_a_folder_beside_the_project_becomes_a_wheel(workflow, options):
    root = workflow(options=options)
    vendored = vendor(select(root))
    [package] = vendored.packages
    assert (package.name, package.version, package.path) == ("shared", "3.1", "../shared")
    assert [file.path for file in vendored.files.files] == [package.wheel, "pyproject.toml", "runner.py", "uv.lock"]
    lock = parse_lock((vendored.files.root / "uv.lock").read_text())
    assert [(item.kind, item.source) for item in lock.packages if item.name == "shared"] == [("path", package.wheel)]
    assert vendored.warnings == ()


def test_nothing_is_built_again_unless_files_of_the_package_change(workflow):
    root = workflow()
    lines = []
    first = vendor(select(root), on_line=lines.append)
    assert lines
    lines.clear()
    (root.parent / "shared/notes.txt").write_text("ignored by git")
    assert vendor(select(root), on_line=lines.append).files == first.files
    assert not lines
    (root.parent / "shared/more.py").write_text("")
    second = vendor(select(root), on_line=lines.append)
    assert lines
    assert second.packages[0].sha256 != first.packages[0].sha256


def test_a_backend_that_gives_other_bytes_each_time_is_named(workflow):
    root = workflow(salt="os.urandom(8).hex()")
    [warning] = vendor(select(root)).warnings
    assert warning.message.startswith("shared-3.1-py3-none-any.whl: two builds from the same files differ")
    assert vendor(select(root)).warnings == (warning,), "also where the wheel is kept"


def test_a_wheel_for_one_platform_is_a_warning(workflow):
    root = workflow(tag=f"cp3{sys.version_info[1]}-none-linux_x86_64")
    [warning] = vendor(select(root)).warnings
    assert "is for this platform only" in warning.message


def test_a_failing_build_shows_the_last_lines(workflow):
    root = workflow()
    (root.parent / "shared/backend.py").write_text("raise RuntimeError('no grids today')\n")
    with pytest.raises(ConfigError, match=r"the wheel of shared in ../shared cannot be built") as caught:
        vendor(select(root))
    assert "no grids today" in (caught.value.problems[0].details or "")


def test_a_dependency_that_is_not_a_package_is_refused(workflow):
    shared = '[project]\nname = "shared"\nversion = "3.1"\n\n[tool.uv]\npackage = false\n'
    root = workflow(shared=shared)
    with pytest.raises(ConfigError, match=r"shared in ../shared is a dependency and not a package"):
        local_sources(root)


def test_an_sdist_carries_the_generated_files(workflow, tmp_path):
    root = workflow()
    built = vendor(select(root))
    unpacked = tmp_path / "elsewhere" / "flows-1"
    for source, path in carried_files(built).items():
        (unpacked / path).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / path).write_bytes(Path(source).read_bytes())
    for name in ("pyproject.toml", "runner.py"):
        (unpacked / name).write_bytes((root / name).read_bytes())
    again = vendor(select(unpacked))
    assert [(file.path, file.source.read_bytes()) for file in again.files.files] == [
        (file.path, file.source.read_bytes()) for file in built.files.files
    ]
    assert again.packages == built.packages
    (unpacked / ".tilebox/vendored/vendored.json").write_text('{"packages": [{"name": "shared"}], "locked": ""}')
    with pytest.raises(ConfigError, match="cannot be read"):
        vendor(select(unpacked))


def test_a_project_that_needs_nothing_stays_as_it_is(workflow):
    root = workflow()
    text = FLOWS.replace('"shared"', "").partition("[tool.uv.sources]")[0]
    (root / "pyproject.toml").write_text(text)
    subprocess.run(["uv", "lock", "--quiet"], cwd=root, check=True)
    files = select(root)
    assert vendor(files).files == files
    assert vendor(files).extensions() == {}


def configure(root):
    """Make the project a workflow project with the option `vendor`."""
    (root / "tilebox.workflow.toml").write_text(
        '[workflow]\nslug = "flows"\nrunner = "runner:runner"\n\n[build]\ninclude = ["pyproject.toml", "uv.lock", "*.py"]\n'
    )
    with (root / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.tilebox]\nvendor = true\n")


def released(root):
    """Return the manifest of the release of the project, without its tasks."""
    vendored = vendor(select(root))
    project, workflow = Project("flows", "1", None), Workflow("flows", "runner:runner", None)
    return ReleaseManifest.of(workflow, project, [], hash_files(vendored.files), (), vendored.extensions())


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("flows/pyproject.toml", 'version = "1"', 'version = "2"', ("changed: pyproject.toml",)),
        (
            "flows/pyproject.toml",
            "package = false",
            "package = false\nresolution = 'highest'",
            ("changed: pyproject.toml",),
        ),
        ("flows/uv.lock", "3.1", "3.2", ("changed: uv.lock",)),
        ("flows/runner.py", "import shared", "import shared as s", ("changed: runner.py",)),
        ("shared/backend.py", "VALUE = 1", "VALUE = 2", ("changed packages: shared",)),
        ("shared/.gitignore", "notes.txt", "notes.*", ("changed packages: shared",)),
        ("flows/runner.py", "import shared", "import shared", ()),
    ],
)
def test_an_edit_makes_a_release_stale(workflow, path, old, new, expected):
    """Also of a file in whose place the release has a generated one."""
    root = workflow()
    configure(root)
    manifest = released(root)
    file = root.parent / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert differences(manifest, open_project(root, run_code=False)) == expected


def test_the_release_of_an_unpacked_sdist_is_not_stale(workflow, tmp_path):
    """The sdist has neither the packages nor the lock of the project."""
    root = workflow()
    configure(root)
    manifest = released(root)
    unpacked = tmp_path / "elsewhere" / "flows-1"
    for source, path in carried_files(vendor(select(root))).items():
        (unpacked / path).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / path).write_bytes(Path(source).read_bytes())
    for name in ("pyproject.toml", "runner.py", "tilebox.workflow.toml"):
        (unpacked / name).write_bytes((root / name).read_bytes())
    assert differences(manifest, open_project(unpacked, run_code=False)) == ()
    (unpacked / "runner.py").write_text("")
    assert differences(manifest, open_project(unpacked, run_code=False)) == ("changed: runner.py",)
