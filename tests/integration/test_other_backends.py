"""Projects that hatchling does not build: their own backend gives what `[project]` leaves open, and nothing is left behind."""

from __future__ import annotations

import pytest
from git_commits import commit_all, git

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.model import Project
from hatch_tilebox.project.metadata import read_project
from hatch_tilebox.project.pyproject import read_pyproject

pytestmark = pytest.mark.frontends

DYNAMIC = '[project]\nname = "Scene_Flow"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'


def system(*requires, backend):
    return f'[build-system]\nrequires = {list(requires)}\nbuild-backend = "{backend}"\n'


OWN_SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
OWN = """\
import os

def get_requires_for_build_wheel(config_settings=None):
    return ["flit_core"]

def build_wheel(folder, config_settings=None, metadata_directory=None):
    import flit_core, zipfile
    assert os.environ.get("TILEBOX_API_KEY") != "secret"
    with zipfile.ZipFile(f"{folder}/scene_flow-3.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("scene_flow-3.1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: scene-flow\\nVersion: 3.1\\n"
            "Requires-Python: >=3.10\\n")
    return "scene_flow-3.1-py3-none-any.whl"
"""
BACKENDS = {
    "setuptools": (
        DYNAMIC + system("setuptools", backend="setuptools.build_meta") + "[tool.setuptools]\npackages = ['scene_flow']\n"
        '[tool.setuptools.dynamic]\nversion = {attr = "scene_flow.__version__"}\n',
        {},
    ),
    "setuptools in src": (
        DYNAMIC
        + system("setuptools", backend="setuptools.build_meta")
        + "[tool.setuptools.dynamic]\nversion = {file = 'VERSION'}\n",
        {"VERSION": "3.1", "src/scene_flow/__init__.py": ""},
    ),
    "setup.py without a build system": (DYNAMIC, {"setup.py": "from setuptools import setup\nsetup(version='3.1', packages=[])\n"}),
    "flit": (
        DYNAMIC.replace('["version"]', '["version", "description"]')
        + system("flit_core>=3.4", backend="flit_core.buildapi")
        + '[tool.flit.module]\nname = "scene_flow"\n',
        {},
    ),
    "pdm": (
        DYNAMIC
        + system("pdm-backend", backend="pdm.backend")
        + "[tool.pdm]\nversion = {source = 'file', path = 'scene_flow/__init__.py'}\n",
        {},
    ),
    "poetry": (
        DYNAMIC + system("poetry-core>=2", backend="poetry.core.masonry.api") + '[tool.poetry]\nversion = "3.1"\n',
        {},
    ),
    "a backend of its own": (
        DYNAMIC + '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n',
        {"own.py": OWN},
    ),
}


@pytest.fixture
def project(tmp_path):
    def make(pyproject, files):
        root = tmp_path / "project"
        source = "src/" if any(name.startswith("src/") for name in files) else ""
        module = {f"{source}scene_flow/__init__.py": '"""A flow."""\n__version__ = "3.1"\n'}
        for name, text in {"pyproject.toml": pyproject, **module, **files}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return root

    return make


def tree(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if ".git" not in path.parts)


@pytest.mark.parametrize("kind", BACKENDS)
def test_the_version_that_a_backend_computes(project, kind, monkeypatch):
    monkeypatch.setenv("TILEBOX_API_KEY", "secret")
    root = project(*BACKENDS[kind])
    before = tree(root)
    assert read_project(read_pyproject(root)) == Project("scene-flow", "3.1", ">=3.10")
    assert [path for path in tree(root) if not path.startswith(".pdm-build")] == before


def test_a_version_from_git(project, monkeypatch):
    build_system = system("setuptools", "setuptools-scm", backend="setuptools.build_meta")
    root = project(f"{DYNAMIC}{build_system}[tool.setuptools_scm]\n", {})
    commit_all(root)
    git(root, "tag", "v2.5")
    assert read_project(read_pyproject(root)).version == "2.5"
    monkeypatch.setenv("SETUPTOOLS_SCM_PRETEND_VERSION", "9.0")
    assert read_project(read_pyproject(root)).version == "9.0"


NO_SUCH = "[tool.setuptools.dynamic]\nversion = {attr = 'no.such'}\n"
BACKEND_NAMES = [
    "setuptools.build_meta",
    "flit_core.buildapi",
    "pdm.backend",
    "poetry.core.masonry.api",
    "maturin",
    "uv_build",
    "own",
]


@pytest.mark.parametrize("backend", BACKEND_NAMES)
def test_a_backend_is_not_asked_for_what_is_written(project, backend):
    written = 'version = "1.0-rc.1"\nreadme = "../README.md"\ndependencies = ["a @ file:///x"]'
    pyproject = DYNAMIC.replace('dynamic = ["version"]', written) + system("nothing-of-this-name", backend=backend)
    assert read_project(read_pyproject(project(pyproject, {}))) == Project("scene-flow", "1.0rc1", ">=3.10")


@pytest.mark.parametrize(
    ("build_system", "files", "message", "details"),
    [
        (
            system("setuptools", backend="setuptools.build_meta") + NO_SUCH,
            {},
            "failed",
            "no",
        ),
        (
            system("setuptools", backend="no_such_backend"),
            {},
            "the build backend no_such_backend cannot be used",
            "no_such_backend",
        ),
        (OWN_SYSTEM.replace('"."', '".."'), {}, "build-system.backend-path", ""),
        (
            OWN_SYSTEM,
            {"own.py": OWN.replace("Version: 3.1", "Version: latest")},
            'gives "latest", which is not a version',
            "",
        ),
    ],
)
def test_a_backend_that_fails_is_quoted(project, build_system, files, message, details):
    with pytest.raises(ConfigError) as caught:
        read_project(read_pyproject(project(DYNAMIC + build_system, files)))
    (problem,) = caught.value.problems
    assert message in problem.message
    assert details in (problem.details or "")
    assert problem.location.path == "pyproject.toml"
