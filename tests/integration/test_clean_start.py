"""A release starts as on a machine that has nothing of this user: real workers, real network namespaces."""

from __future__ import annotations

import os
import socket
import sys

import pytest
from runtime_support import is_documented, load, lock

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.discovery.clean_environment import passed_variables
from hatch_tilebox.discovery.clean_start import prepare_clean_start
from hatch_tilebox.discovery.discover import discover_tasks

pytestmark = pytest.mark.runtime

PYPROJECT = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["tilebox-workflows"]\n'
PYPROJECT += "\n[tool.uv]\npackage = false\n"
CONFIG = '[workflow]\nslug = "x"\nrunner = "runner:runner"\n\n[build]\ninclude = ["pyproject.toml", "uv.lock", "*.py"]\n'
RUNNER = """\
import os, socket
from pathlib import Path
from tilebox.workflows import Runner, Task

{code}


class Count(Task):
    def execute(self, context):
        {execute}


runner = Runner(tasks=[Count])
"""


@pytest.fixture
def start(tmp_path, shared, clean_env, monkeypatch):
    """A function that starts a release, unpacked, whose runner has `code` at its top."""
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", clean_env["HATCH_TILEBOX_CACHE_DIR"])
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "tilebox.workflow.toml").write_text(CONFIG)
    lock(folder, shared, clean_env)

    def run(code="", execute="pass", *, offline=False, passed=()):
        (folder / "runner.py").write_text(RUNNER.format(code=code, execute=execute))
        return discover_tasks(*load(folder), clean=prepare_clean_start(offline=offline), passed=passed_variables(passed))

    return run


def refused(start, code, **options):
    """The only problem of a start that fails."""
    with pytest.raises(DiscoveryError) as error:
        start(code, **options)
    (problem,) = error.value.problems
    assert is_documented(problem)
    return problem


def test_a_file_of_this_machine(start, tmp_path):
    """It exists here, so the start succeeds: a release runner does not have it."""
    bands = tmp_path / "bands.json"
    bands.write_text("[]")
    problem = refused(start, f"open({str(bands)!r}).close()")
    assert problem.message == f"starting `runner` opens {bands}, which is on this machine and not in the release"
    assert str(problem.location) == "runner.py:5"
    assert "[build] include" in problem.hint


def test_a_folder_of_this_machine_on_the_path(start, tmp_path):
    (tmp_path / "helpers.py").write_text("NUMBER = 1\n")
    with pytest.raises(DiscoveryError) as error:
        start(f"import sys\nsys.path.append({str(tmp_path)!r})\nimport helpers")
    assert f"opens {tmp_path}/helpers.py, " in str(error.value).replace(os.sep, "/")


def test_a_file_that_is_not_selected(start):
    problem = refused(start, "open('bands.json').close()")
    assert problem.message == "importing `runner` opens bands.json, which is not in the release"
    assert 'add "bands.json" to [build] include' in problem.hint


def test_a_module_that_is_not_selected(start):
    problem = refused(start, "import bands")
    assert "`bands` is not installed" in problem.message
    assert "or select it with [build] include" in problem.hint


def test_a_variable(start, monkeypatch):
    monkeypatch.setenv("ACME_TOKEN", "secret")
    assert "needs the environment variable ACME_TOKEN" in refused(start, "os.environ['ACME_TOKEN']").message


def test_the_home_folder_is_empty(start, tmp_path, monkeypatch):
    """What the code writes there, or into a temporary folder, it may read again."""
    home = tmp_path / "home"
    (home / ".acme").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".acme"))
    code = (
        "assert list(Path.home().iterdir()) == [], list(Path.home().iterdir())\n"
        "assert not [name for name in os.environ if name.startswith('XDG_')], os.environ\n"
        "import tempfile\n"
        "for folder in (Path.home(), Path(tempfile.mkdtemp())):\n"
        "    (folder / 'x').write_text('x')\n"
        "    assert (folder / 'x').read_text() == 'x'\n"
    )
    assert start(code).warnings[1:] == ()


def test_a_program_that_the_image_lacks(start):
    tools = "subprocess.run(['gdalwarp', 'a', 'b']); subprocess.run(['git', 'x']); subprocess.run(['./own', 'x'])"
    (warning,) = (warning for warning in start("import subprocess", tools).warnings if "program" in warning.message)
    assert warning.message == "the code starts the program `gdalwarp`, which the official runner image does not have"
    assert str(warning.location) == "runner.py:10"
    assert is_documented(warning)


@pytest.mark.skipif(sys.platform == "linux", reason="Linux has network namespaces")
def test_no_network_namespaces():
    with pytest.raises(DiscoveryError, match="--offline-start needs network namespaces, which only Linux has"):
        prepare_clean_start(offline=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
def test_offline_start(start):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"socket.create_connection(('127.0.0.1', {port}), 5).close()"
        assert f"connects to 127.0.0.1:{port}" in str(start(code).warnings[-1])
        problem = refused(start, code, offline=True)
        assert problem.message == f"importing `runner` needs the network: it connects to 127.0.0.1:{port}"
        assert str(problem.location) == "runner.py:5"
    assert start(offline=True).tasks


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
def test_a_system_that_does_not_permit_it(monkeypatch, tmp_path):
    script = tmp_path / "cut_network.py"
    script.write_text("import sys\nsys.exit('Operation not permitted')\n")
    monkeypatch.setattr("hatch_tilebox.discovery.clean_start.CUT_NETWORK", script)
    with pytest.raises(DiscoveryError, match="this system does not permit it: Operation not permitted") as error:
        prepare_clean_start(offline=True)
    assert is_documented(error.value.problems[0])
