"""The cache between builds: correct, checked, and faster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from programs import edit
from runtime_support import PROJECTS, Events, discover, interpreter, load, lock

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.discovery.cache import EXPIRY, Cache, cache_info, clear_cache
from hatch_tilebox.discovery.clean_environment import passed_variables
from hatch_tilebox.discovery.discover import discover_tasks

pytestmark = pytest.mark.runtime

MADE, KEPT = "environment created", "environment kept from an earlier build"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A separate cache for each test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def project(tmp_path, shared, clean_env):
    """A small project that works."""
    return lock(Path(shutil.copytree(PROJECTS / "broken/default_identifiers", tmp_path / "project")), shared, clean_env)


def steps(folder, **options):
    events = Events()
    discovery = discover(folder, progress=events, **options)
    return discovery, events.steps


def entry_of(cache):
    (entry,) = (cache / "environments").glob("*/")
    return entry


def site_packages(cache):
    (folder,) = (entry_of(cache) / "env").glob("[Ll]ib/**/site-packages")
    return folder


def test_an_unchanged_project_starts_nothing(cache, project):
    first, said = steps(project)
    assert MADE in said
    shutil.rmtree(cache / "environments")
    second, said = steps(project)
    assert said == ["Asking for the tasks", "1 task, unchanged since an earlier build"]
    assert second.cached
    assert not first.cached
    assert (second.tasks, second.warnings, second.python, second.sdk) == (first.tasks, first.warnings, first.python, first.sdk)


def test_an_edit_keeps_the_environment(cache, project):
    discover(project)
    code = project / "runner.py"
    edit(code, "class Count", "class Total")
    edit(code, "[Count]", "[Total]")
    discovery, said = steps(project)
    assert KEPT in said
    assert [task.object for task in discovery.tasks] == ["runner:Total"]


def test_edits_of_one_size_within_a_second_are_seen(cache, project):
    """Python's bytecode caches tell sources apart by size and whole seconds."""
    code = project / "runner.py"
    for old, new in (("the bands", "any bands"), ("any bands", "all bands"), ("all bands", "few bands")):
        edit(code, old, new)
        assert discover(project).tasks[0].description == f"Count {new} of a scene."
        os.utime(code, (1_700_000_000, 1_700_000_000))


def test_a_mode_belongs_to_the_key(cache, project):
    discover(project)
    (project / "runner.py").chmod(0o755)
    assert not discover(project).cached


@pytest.mark.parametrize("level", ["import", "worker"])
def test_levels_are_kept_apart(cache, project, level):
    discover(project, level="import")
    assert discover(project, level=level).cached == (level == "import")


DAMAGES = (
    "package removed",
    "package added",
    "file emptied",
    "same size",
    "code that hangs",
    "interpreter removed",
    "marker removed",
    "marker garbled",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_environment_is_made_again(cache, project, damage):
    discover(project)
    edit(project / "runner.py", "Count the bands", "Count all the bands")
    ready = entry_of(cache) / "ready.json"
    if damage == "package removed":
        shutil.rmtree(site_packages(cache) / "tilebox")
    elif damage == "file emptied":
        target = site_packages(cache) / "tilebox/workflows/task.py"
        target.unlink()  # a hard link into uv's cache, which must stay whole
        target.touch()
    elif damage == "interpreter removed":
        shutil.rmtree(entry_of(cache) / "env" / ("Scripts" if os.name == "nt" else "bin"))
    elif damage == "marker removed":
        ready.unlink()
    elif damage == "marker garbled":
        ready.write_bytes(ready.read_bytes()[:-10])
    elif damage == "package added":
        (site_packages(cache) / "unlocked.py").write_text("")
    elif damage == "same size":
        target = site_packages(cache) / "tilebox/workflows/task.py"
        content = target.read_bytes()
        target.unlink()
        target.write_bytes(content[::-1])
    elif damage == "code that hangs":  # the start in the changed environment is ended as soon as the change is found
        target = site_packages(cache) / "tilebox/workflows/__init__.py"
        target.unlink()
        target.write_text("import time\ntime.sleep(300)\n")
    events = Events()
    discovered = discover(project, progress=events)
    assert any(step.startswith(MADE) for step in events.steps)
    assert [task.description for task in discovered.tasks] == ["Count all the bands of a scene."]
    edit(project / "runner.py", "all the bands", "each of the bands")
    assert KEPT in steps(project)[1]


def test_an_error_of_the_user_does_not_remake_a_sound_environment(cache, project):
    discover(project)
    marker = (entry_of(cache) / "ready.json").stat().st_ino
    edit(project / "runner.py", "[Count]", "[Cuont]")
    with pytest.raises(DiscoveryError, match="NameError"):
        discover(project)
    assert (entry_of(cache) / "ready.json").stat().st_ino == marker


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", None])
def test_a_corrupt_result_is_dropped(cache, project, content):
    first = discover(project)
    (path,) = (cache / "results").iterdir()
    if content is None:  # whole, but not what was written
        record = json.loads(path.read_text())
        record["value"]["tasks"][0]["name"] = "Other"
        content = json.dumps(record).encode()
    path.write_bytes(content)
    second = discover(project)
    assert not second.cached
    assert second.tasks == first.tasks
    assert discover(project).cached


def test_without_the_cache_nothing_is_kept(cache, project):
    discovery = discover(project, cache=False)
    assert len(discovery.tasks) == 1
    assert not cache.exists()


def test_without_a_lock_nothing_is_known_for_sure(cache, project):
    (project / "uv.lock").unlink()
    discover(project)
    discovery, said = steps(project)
    assert not discovery.cached
    assert KEPT in said
    assert not (project / "uv.lock").exists()


def test_another_lock_makes_another_environment(cache, project):
    discover(project)
    with (project / "uv.lock").open("a") as file:
        file.write("\n")
    assert MADE in steps(project)[1]
    assert cache_info().environments == 2


def test_another_interpreter_makes_another_environment(cache, project, monkeypatch):
    found = [path for version in ("3.10", "3.11", "3.12", "3.13", "3.14") if (path := interpreter(version))]
    assert found
    pythons = set()
    for path in found[-2:]:
        monkeypatch.setenv("UV_PYTHON", path)
        discovery = discover(project)
        assert not discovery.cached
        pythons.add(discovery.python)
    assert len(pythons) == cache_info().environments == len(found[-2:])


def test_builds_side_by_side(cache, project, tmp_path):
    """Two copies of a project that differ share an environment, one after the other."""
    other = Path(shutil.copytree(project, tmp_path / "other"))
    edit(other / "runner.py", "Count the bands", "Count what is there")
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(discover, [project, other, project, other])]
    assert [discovery.tasks[0].description for discovery in found] == [
        "Count the bands of a scene.",
        "Count what is there of a scene.",
    ] * 2
    assert cache_info().environments == 1


def test_size_expiry_and_clearing(cache, project):
    discover(project)
    info = cache_info()
    assert (info.path, info.environments, info.results) == (cache, 1, 1)
    assert info.size > 1_000_000
    store = Cache(cache)
    now = (entry_of(cache) / "ready.json").stat().st_mtime
    (cache / "expiry").unlink()
    store.expire(now + EXPIRY - 60)
    assert cache_info().environments == 1
    store.expire(now + EXPIRY + 60)
    assert cache_info().environments == 1, "once a day is enough"
    (cache / "expiry").unlink()
    store.expire(now + EXPIRY + 60)
    assert (cache_info().environments, cache_info().results) == (0, 0)
    discover(project)
    with FileLock(f"{entry_of(cache)}.lock"):
        clear_cache()
        assert cache_info().environments == 1, "a build uses it"
    assert clear_cache() > 1_000_000
    assert (cache_info().environments, cache_info().results) == (0, 0)


def test_nothing_of_the_build_reaches_the_workflow(cache, project, monkeypatch):
    for name in (
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONHOME",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PROJECT",
        "HATCH_BUILD_CLEAN",
        "PEP517_X",
    ):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("_PYPROJECT_HOOKS_BUILD_BACKEND", "nothing")
    monkeypatch.setenv("TILEBOX_WORKER_ADDRESS", "unix:///nowhere")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "77")
    code = "import json, os, sys\nprint(json.dumps([dict(os.environ), os.getcwd(), sys.path[0], sys.stdin.read()]))\n"
    edit(project / "runner.py", "\nfrom tilebox", f"\n{code}from tilebox")
    (project / "unselected.txt").touch()
    events = Events()
    discover(project, progress=events)
    environ, folder, path, stdin = json.loads(next(line for line in events.details if line.startswith("[{")))
    assert "/nowhere" not in environ.values()
    assert not {"PYTHONPATH", "PYTHONHOME", "_PYPROJECT_HOOKS_BUILD_BACKEND"} & environ.keys()
    assert environ["UV_HTTP_TIMEOUT"] == "77"
    assert environ["VIRTUAL_ENV"] == environ["UV_PROJECT_ENVIRONMENT"]
    assert environ["HATCH_TILEBOX_ACTIVE"]
    assert folder == path
    assert not Path(folder).is_relative_to(project)
    assert sorted(path.name for path in Path(folder).iterdir()) == ["pyproject.toml", "runner.py", "uv.lock"]
    assert stdin == ""


def test_variables_that_a_release_needs(cache, project, monkeypatch):
    """Variables that were read are listed, set or not; a copy of the whole environment is not a read; no result is kept."""
    code = (
        'import os\ndict(os.environ), os.environ.copy(), os.environ.get("ACME_URL"), os.getenv("ACME_TOKEN"), os.getenv("OTHER")\n'
    )
    edit(project / "runner.py", "\nfrom tilebox", f"\n{code}from tilebox")
    monkeypatch.setenv("ACME_TOKEN", "t")
    monkeypatch.setenv("ACME_UNREAD", "u")
    found = [discover(project, passed=passed_variables(["ACME_*"])) for _ in range(2)]
    assert [discovery.environment for discovery in found] == [("ACME_TOKEN", "ACME_URL")] * 2
    assert not any(discovery.cached for discovery in found)
    monkeypatch.delenv("ACME_TOKEN")
    monkeypatch.delenv("ACME_UNREAD")
    found = [discover(project, passed=passed_variables(["ACME_*"])) for _ in range(2)]
    assert [(discovery.environment, discovery.cached) for discovery in found] == [
        (("ACME_TOKEN", "ACME_URL"), False),
        (("ACME_TOKEN", "ACME_URL"), True),
    ]


def test_packaged_project(cache, locked_project, tmp_path):
    """uv installs it with our own plugin as a build hook, which must not start over; what the build reads belongs to the key."""
    folder = Path(shutil.copytree(locked_project("src_layout"), tmp_path / "src_layout"))
    discovery = discover(folder, level="worker")
    assert [task.object for task in discovery.tasks] == ["burn_severity.app:RatePixel"]
    edit(folder / "src/burn_severity/app.py", "Rate one pixel", "Judge one pixel")
    discovery, said = steps(folder)
    assert KEPT in said
    assert discovery.tasks[0].description.startswith("Judge one pixel")
    with pytest.raises(DiscoveryError, match=r"(?s)README.md is not among them.*hint: add .README.md. to"):
        discover(folder, ["pyproject.toml", "uv.lock", "src/**", "wheels/*.whl"])


def test_a_build_that_writes_into_the_project(cache, project, tmp_path):
    """As hatch-vcs does: what it writes over a selected file stays for later starts, as it does on a release runner."""
    edit(project / "pyproject.toml", "package = false", "package = true")
    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n')
        file.write('[tool.hatch.build]\ndev-mode-dirs = ["."]\n\n[tool.hatch.build.hooks.custom]\n')
    (project / "hatch_build.py").write_text(
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n"
        "class Hook(BuildHookInterface):\n    def initialize(self, version, build_data):\n"
        "        for name in ('stamp', 'made'):\n            open(f'{self.root}/{name}.py', 'w').write('TEXT = \"built\"')\n"
    )
    (project / "stamp.py").write_text('TEXT = "source"\n')
    edit(project / "runner.py", "\nfrom tilebox", "\nimport made\nimport stamp\nfrom tilebox")
    edit(project / "runner.py", '    """Count the bands of a scene."""', '    __doc__ = f"{stamp.TEXT} and {made.TEXT}"')
    subprocess.run(["uv", "lock", "--quiet"], cwd=project, check=True)
    for expected in ("environment created", KEPT):
        discovery, said = steps(project)
        assert expected in said
        assert discovery.tasks[0].description == "built and built"
        assert "start-up wrote" not in "".join(map(str, discovery.warnings))
        edit(project / "runner.py", "from tilebox", "\nfrom tilebox")


def test_workspace_member(cache, project, clean_env):
    """A member of the workspace is installed from the release folder; an edit of its code is seen."""
    member = project / "bands"
    (member / "src/bands").mkdir(parents=True)
    (member / "src/bands/__init__.py").write_text('TEXT = "first"\n')
    (member / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n[project]\nname = "bands"\nversion = "1"\n'
    )
    edit(project / "pyproject.toml", '["tilebox-workflows"]', '["tilebox-workflows", "bands"]')
    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.uv.workspace]\nmembers = ["bands"]\n\n[tool.uv.sources]\nbands = { workspace = true }\n')
    subprocess.run(["uv", "lock", "--quiet"], cwd=project, env=clean_env, check=True)
    edit(project / "runner.py", "\nfrom tilebox", "\nimport bands\nfrom tilebox")
    edit(project / "runner.py", '    """Count the bands of a scene."""', "    __doc__ = bands.TEXT")
    include = ["pyproject.toml", "uv.lock", "*.py", "bands/**"]
    assert discover(project, include).tasks[0].description == "first"
    edit(member / "src/bands/__init__.py", "first", "second")
    assert discover(project, include).tasks[0].description == "second"


def test_a_kept_answer_does_not_hide_what_only_this_machine_knows(cache, project):
    discover(project)
    (project / ".python-version").write_text("3.11\n")
    with pytest.raises(DiscoveryError, match=r"\.python-version beside it is not"):
        discover(project)
    (project / ".python-version").unlink()
    lock = project / "uv.lock"
    lock.write_text(
        lock.read_text().replace("\n[[package]]", '\n[options]\nexclude-newer = "2026-11-01T00:00:00Z"\n\n[[package]]', 1)
    )
    with pytest.raises(DiscoveryError, match="created with `exclude-newer`"):
        discover(project)


def test_processes_side_by_side(cache, project):
    """Two processes build at the same time."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from runtime_support import discover\n"
    script += "print(discover(Path(sys.argv[2])).tasks[0].object)"
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(project)]
    builds = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [build.communicate()[0].strip() for build in builds] == ["runner:Count", "runner:Count"]


def test_a_file_that_changes_during_the_build(cache, project):
    files, entries, workflow = load(project)
    (project / "runner.py").write_text("# other content\n")
    with pytest.raises(DiscoveryError, match=r"runner\.py changed while the release was built"):
        discover_tasks(files, entries, workflow)
