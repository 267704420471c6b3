"""Every way in which a workflow fails to start, with its message: the projects in `test_projects/broken`."""

from __future__ import annotations

import re
import shutil
import sys

import pytest
from runtime_support import PROJECTS, Events, discover, is_documented, lock, processes_that

from hatch_tilebox.core.errors import DiscoveryError

pytestmark = pytest.mark.runtime

ERRORS = {
    "asks_for_credentials": [
        "runner.py:9: importing `runner` asks for credentials: DefaultCredentialsError: ",
        "create the client in the task that uses it, not at import",
        '`pass-environment = ["GOOGLE_APPLICATION_CREDENTIALS"]`',
        "under [tool.hatch.build.hooks.tilebox] in pyproject.toml, or with `--env GOOGLE_APPLICATION_CREDENTIALS`",
        "A release runner must have it, too",
        "the file ~/.config/gcloud/application_default_credentials.json",
        'File "google/auth/_default.py"',
    ],
    "bad_version": ["runner.py:6: a task has the version 'v1.0.3'", "`vMAJOR.MINOR`", "class Count(Task):"],
    "crashes": ["runner.py:23: importing `runner` does not return: Python was killed by SIGSEGV", "ctypes.string_at(0)"],
    "data_not_selected": ["runner.py:22: bands.json is in the project, but not among", 'add "bands.json" to [build] include'],
    "dependency_does_not_build": ["the dependency vendored has to be built", "Forced include not found"],
    "dev_group": [
        'runner.py:3: `affine` comes from affine, a dependency only in the dependency group "notebooks"',
        "`uv add affine`",
    ],
    "duplicate_identifiers": ["runner.py:26: two tasks have one identifier", "tilebox.com/broken/Count"],
    "exits": ["runner.py:23: importing `runner` ends the process: SystemExit('no arguments given')", 'if __name__ == "__main__":'],
    "exits_hard": ["importing `runner` does not return: Python ended with exit code 7", 'if __name__ == "__main__":'],
    "factory": [
        "tilebox.workflow.toml:3:1: `runner:create_runner` is a function, and has to be a tilebox.workflows.Runner",
        "`runner = create_runner()`",
    ],
    "hides_argparse": ["argparse.py: this module shadows the standard library's `argparse` in the worker", "rename argparse.py"],
    "hides_sdk": ["tilebox/__init__.py: this module shadows the SDK's package `tilebox` in the worker", "rename tilebox/, "],
    "lists_other_tasks": ["the worker of `runner:runner` lists other tasks than the runner object: tilebox.com/broken/Served v1.0"],
    "lock_for_other_platform": ["uv.lock is for other platforms than this one", "sys_platform == 'emscripten'", "`environments`"],
    "member_not_selected": ["bands comes from libs/bands, which is not among the selected files", 'add "libs/bands/**"'],
    "module_elsewhere": ["runner.py:5: module `resampling` (lib/resampling.py) is in the project", 'add "lib/resampling.py"'],
    "module_not_selected": [
        "runner.py:5: module `bands.names` (bands/names.py) is in the project, but not among the selected files",
        'add "bands/names.py" to [build] include in tilebox.workflow.toml, or "bands/**"',
    ],
    "needs_variable": [
        "settings.py:7: importing `runner` needs the environment variable ACME_TOKEN, which is not set",
        '`pass-environment = ["ACME_TOKEN"]`',
        "in pyproject.toml, or with `--env ACME_TOKEN`",
        "A release runner must have it, too",
    ],
    "no_pyproject_selected": ["pyproject.toml is not among the selected files", 'add "pyproject.toml" and "uv.lock"'],
    "no_sdk": ["`tilebox` is not installed", "`uv add tilebox`"],
    "no_tasks": ["tilebox.workflow.toml:3:1: `runner:runner` registers no task", "Runner(tasks=[MyTask])"],
    "object_missing": ["tilebox.workflow.toml:3:1: `runner` has no `runner`", "did you mean `runner:my_runner`?"],
    "old_sdk": ["tilebox-workflows 0.52.0 has no `Runner`", "uv add 'tilebox-workflows>=0.53'"],
    "package_not_selected": [
        "the project itself does not build",
        "broken/** is not among them",
        'add "broken/**"',
        "package = false",
    ],
    "packages_do_not_fit": [
        "runner.py:3: importing `runner` fails inside tilebox-datasets 0.66.0: ImportError: cannot import name 'timestamp_pb'",
        "(protobuf-py 0.7.0)",
        'File "tilebox/datasets/',
        'add constraint-dependencies = ["protobuf-py<0.7"] under [tool.uv] in pyproject.toml, then run `uv lock`',
    ],
    "readme_not_selected": [
        "the project itself does not build",
        "README.md is not among them",
        'add "README.md"',
        "package = false",
    ],
    "runner_not_found": ["tilebox.workflow.toml:3:1: there is no module `runer`", "did you mean `runner:runner`?"],
    "runs_at_import": [
        "runner.py:26: importing `runner` took longer than 9 s",
        'File "runner.py", line 29, in <module>',
        "time.sleep(60)",
        "`startup-timeout`",
    ],
    "src_without_build": ["`gauges` is in src/gauges/__init__.py, and nothing puts `src` on the path", "add a [build-system]"],
    "submodule_not_selected": ["module `bands.names` (bands/names.py) is in the project", 'add "bands/names.py"'],
    "syntax_error": ["runner.py:19: importing `runner` fails: SyntaxError"],
    "third_party": ["runner.py:3: `yaml` is not installed", "`uv add pyyaml`"],
    "unresolvable": ["uv could not install the workflow's dependencies", "packaging<20 and packaging>24", "`uv sync`"],
    "user_error": [
        "settings.py:9: importing `runner` fails: KeyError: 'resolution'",
        'File "runner.py", line 21, in <module>',
        'return values["resolution"]',
    ],
    "workspace_around": ["bands comes from the uv workspace around the project", "put its wheel into the release"],
    "worker_ends": ["the worker `uv run python worker.py` ended with exit code 0", "nothing to do", "TILEBOX_WORKER_ADDRESS"],
    "worker_not_found": ["tilebox.workflow.toml:3:1: the worker command `no-such-program worker.py` cannot be started"],
    "worker_silent": ["did not list its tasks within 9 s", "time.sleep(600)"],
    "wrong_type": ["tilebox.workflow.toml:3:1: `runner:runner` is of type builtins.dict"],
}
WARNINGS = {
    "default_group": ["humanize is imported, but is a dependency only in a development group", "`uv add humanize`"],
    "default_identifiers": ["default task identifiers: runner:Count", "identifier()"],
    "floods_output": [],
    "leaves_children": ["start-up left processes running", "time.sleep(600)"],
    "lock_missing": ["there is no uv.lock", "cannot be reproduced", "`uv lock`"],
    "unreadable_input": [
        "runner:Count.since is written by the SDK and cannot be read again: Type unions may not contain more than one str-like",
        "jobs of this task would fail on every runner",
    ],
    "worker_stays": ["did not end when it was asked to (ShutdownWorker)"],
    "writes_files": ["start-up wrote into the release folder: bands.py, cache/index.json"],
}
CHILDREN = {"leaves_children": "time.sleep(600)", "worker_stays": "time.sleep(601)"}
OPTIONS = {name: {"timeout": 9.0} for name in ("runs_at_import", "worker_silent")}
"""Long enough for a loaded machine to get as far as the message says."""
UNLOCKED = {"lock_missing", "lock_stale", "unresolvable", "workspace_around"}


@pytest.fixture
def broken(tmp_path, shared, clean_env, monkeypatch):
    """A function from a name to a locked copy of a broken project."""
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", clean_env["HATCH_TILEBOX_CACHE_DIR"])

    def copy(name):
        folder = shutil.copytree(PROJECTS / "broken" / name, tmp_path / name)
        return folder if name in UNLOCKED else lock(folder, shared, clean_env)

    return copy


def test_every_broken_project_has_its_test():
    assert {path.name for path in (PROJECTS / "broken").iterdir()} == {*ERRORS, *WARNINGS, "lock_stale", "telemetry_too_new"}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name, broken):
    if name == "crashes" and sys.platform == "win32":
        pytest.skip("no signals")
    folder = broken(name)
    with pytest.raises(DiscoveryError) as error:
        discover(folder, **OPTIONS.get(name, {}))
    text = str(error.value)
    for expected in ERRORS[name]:
        assert expected in text
    assert "hatch_tilebox" not in text, "a frame of ours shows"
    assert "hatch-tilebox" not in text, "the staging folder shows"
    assert "environments" not in text.replace("`environments`", "").replace("supported environments", ""), "the cache shows"
    assert all(is_documented(problem) for problem in error.value.problems)
    assert all(problem.hint for problem in error.value.problems) or name in {"user_error", "syntax_error"}


@pytest.mark.parametrize("name", WARNINGS)
def test_warning(name, broken):
    folder = broken(name)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    discovery = discover(folder)
    text = "\n".join(map(str, discovery.warnings))
    assert [task.version for task in discovery.tasks] in (["v1.0"], ["v0.0"])
    assert len(discovery.warnings) == bool(WARNINGS[name])
    assert all(is_documented(problem) for problem in discovery.warnings)
    for expected in WARNINGS[name]:
        assert expected in text
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before, "the project was written to"
    if name in CHILDREN:
        assert not processes_that(CHILDREN[name])


HIDING = {
    # what reports is in need of these itself, and they are loaded half or in full by then
    "random": "",
    "token": "",
    "traceback": "",
    "pathlib": "",
    "email/__init__": "",
    # the interpreter does not get as far as our code
    "types": "ImportError",
    "importlib/__init__": "Could not import runpy module",
}


@pytest.mark.parametrize("name", HIDING)
def test_a_module_that_hides_another_is_named_whoever_needs_that(name, broken):
    folder = broken("default_identifiers")
    (folder / f"{name}.py").parent.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text("NUMBER = 1\n")
    with pytest.raises(DiscoveryError) as error:
        discover(folder, ["pyproject.toml", "uv.lock", "**/*.py"])
    text = str(error.value)
    assert f"{name}.py: this module shadows the standard library's `{name.partition('/')[0]}` in the worker" in text
    assert HIDING[name] in text
    assert all(is_documented(problem) for problem in error.value.problems)
    assert "hatch_tilebox" not in text, "a frame of ours shows"


@pytest.mark.parametrize(
    "code",
    [
        "import difflib\n\nassert difflib.NUMBER",
        "import linecache\n\nassert linecache.NUMBER",
        "sys.path.clear()",
        "sys.meta_path.clear()",
        "sys.modules['__main__'] = type(sys)('__main__')",
        "os.environ.clear()",
        "os.close(1), os.close(2)",
        "assert sys.argv[1:] == ['runner:runner'] and sys.argv[0].endswith('runner/__main__.py'), sys.argv",
        "importlib.import_module = lambda *given, real=importlib.import_module: real(*given)",
        "multiprocessing.get_context('spawn').Process(target=print).start()",
        "print('x' * 10_000_000)",
    ],
)
def test_what_stops_no_worker_stops_no_build(code, broken):
    """The real worker starts with each of these, so its proof does, too."""
    folder = broken("default_identifiers")
    for name in ("difflib", "linecache"):
        (folder / f"{name}.py").write_text("NUMBER = 1\n")
    runner = folder / "runner.py"
    runner.write_text(f"{runner.read_text()}\n\nimport importlib, multiprocessing, os, sys\n\n{code}\n")
    assert [task.version for task in discover(folder).tasks] == ["v0.0"]


@pytest.mark.skipif("binhex" in sys.stdlib_module_names, reason="this Python has it")
def test_a_module_that_python_has_lost_is_no_package_to_add(broken):
    folder = broken("default_identifiers")
    (folder / "runner.py").write_text("import binhex\n")
    with pytest.raises(DiscoveryError, match=r"`binhex` is not available: .*\n(.*\n)+  hint: .*`requires-python`") as error:
        discover(folder)
    assert all(is_documented(problem) for problem in error.value.problems)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_fork_of_the_worker_is_named_as_on_a_release_runner(broken):
    folder = broken("default_identifiers")
    runner = folder / "runner.py"
    runner.write_text(f"{runner.read_text()}\n\nimport os, time\n\nif os.fork() == 0:\n    time.sleep(600)\n")
    warnings = "\n".join(map(str, discover(folder).warnings))
    assert "left processes running" in warnings
    assert "-m tilebox.workflows.runner runner:runner`" in warnings


def test_the_proposed_constraint_works(broken, shared, clean_env):
    """An older SDK with the newest OpenTelemetry: the bound is one below which the import succeeds."""
    folder = broken("telemetry_too_new")
    with pytest.raises(DiscoveryError) as error:
        discover(folder)
    text = str(error.value)
    assert "importing tilebox-workflows 0.53.0 fails: ImportError: cannot import name '_append_trace_path'" in text
    assert re.search(r"\(opentelemetry-exporter-otlp-proto-http \d+\.\d+", text)
    assert 'File "tilebox/workflows/observability/tracing.py"' in text
    assert is_documented(error.value.problems[0])
    constraint = re.search(r'constraint-dependencies = \["opentelemetry-exporter-otlp-proto-http<[\d.]+"\]', text).group()
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace("package = false", f"package = false\n{constraint}"))
    assert [task.version for task in discover(lock(folder, shared, clean_env)).tasks] == ["v1.0"]


def test_lock_that_is_stale(broken, shared, clean_env):
    folder = lock(broken("lock_stale"), shared, clean_env)
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text.replace('["tilebox-workflows"]', '["tilebox-workflows", "affine"]'))
    with pytest.raises(DiscoveryError, match=r"(?s)uv.lock is stale.*`--locked`.*hint: bring it up to date with `uv lock`"):
        discover(folder)


def test_lock_that_is_not_selected(broken):
    folder = broken("default_identifiers")
    warnings = discover(folder, ["pyproject.toml", "*.py"]).warnings
    assert "uv.lock is not among the selected files" in str(warnings[0])
    assert 'add "uv.lock" to [build] include' in str(warnings[0])


def test_what_the_workflow_wrote_is_gone_before_the_next_start(broken):
    """A file that start-up overwrote is whole again for the next one, and one that it made is gone."""
    folder = broken("writes_files")
    discover(folder)
    code = (folder / "runner.py").read_text()
    checks = 'import bands\n\nassert bands.NAMES == ["B02", "B03"]\nassert not Path("cache").exists()\n\nFOLDER ='
    (folder / "runner.py").write_text(code.replace("\nFOLDER =", f"\n{checks}"))
    assert "bands.py, cache/index.json" in str(discover(folder).warnings[0])


def test_output_is_shown_to_who_asks(broken):
    folder = broken("user_error")
    (folder / "settings.py").write_text("def load(values):\n    print('resolution is', values)\n")
    events = Events()
    discover(folder, progress=events)
    assert "resolution is {}" in events.details
