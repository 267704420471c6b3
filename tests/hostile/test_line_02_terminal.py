"""Untrusted text never controls the terminal, in any command."""

from __future__ import annotations

import json
import sys

import pytest
from hand_made_releases import write_release
from programs import CLI
from terminal_support import HOSTILE, check, hostile_server, on_terminal, piped

from hatch_tilebox.cli.run_display import JobDisplay, show_job
from hatch_tilebox.cli.safe_console import SafeConsole
from hatch_tilebox.core.model import Task
from hatch_tilebox.local_run.execution import RunResult
from hatch_tilebox.local_run.job import Job, LocalTask
from hatch_tilebox.local_run.submissions import Submission
from hatch_tilebox.local_run.telemetry import LogRecord, Span

PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-tilebox"]
build-backend = "hatchling.build"
[project]
name = "flow"
version = "1"
requires-python = ">=3.10"
[tool.hatch.build.hooks.tilebox]
[tool.hatch.build.targets.tilebox]
[tool.uv]
package = false
"""
WORKFLOW = '[workflow]\nslug = "flow"\nrunner = "runner:runner"\n[build]\ninclude = ["pyproject.toml", "runner.py", "data/**"]\n'
INVISIBLE = "zero\u200bwidth.txt"
"""Allowed in a release, and shown."""
SCHEMA = {
    "type": "object",
    "properties": {HOSTILE: {"type": "string", "description": HOSTILE, "enum": [HOSTILE]}, "b": {"$ref": "#/$defs/C"}},
    "required": [HOSTILE],
    "$defs": {"C": {"type": "object", "title": HOSTILE, "properties": {"c": {"const": HOSTILE}}}},
}
BACKEND = f"""\
import sys

def fail(*args):
    sys.stderr.write({HOSTILE!r} + "\\n")
    raise RuntimeError({HOSTILE!r})

build_editable = build_wheel = get_requires_for_build_editable = get_requires_for_build_wheel = fail
"""

both = pytest.mark.parametrize("run", [piped, on_terminal])


@pytest.fixture
def environment(clean_env, tmp_path):
    names = {"HATCH_CONFIG": "hatch.toml", "DOCKER_CONFIG": "docker", "HATCH_TILEBOX_CACHE_DIR": "cache"}
    return {**clean_env, "TILEBOX_API_KEY": "key", **{name: str(tmp_path / "home" / path) for name, path in names.items()}}


def make_project(root, **files):
    """A project whose file names are hostile in ways that are, and are not, allowed in a release."""
    for name, text in {
        "pyproject.toml": PYPROJECT,
        "tilebox.workflow.toml": WORKFLOW,
        "runner.py": "runner = 1\n",
        **files,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "project", **{f"data/{INVISIBLE}": "x"})


@pytest.fixture
def bad_project(tmp_path):
    return make_project(tmp_path / "bad", **{f"data/{HOSTILE}.txt": "x", f"data/{HOSTILE}/x.txt": "x"})


@pytest.fixture
def releases(tmp_path):
    """Two releases with hostile tasks, files and contents."""
    tasks = (Task(f"tests.{HOSTILE}", "v1.0", SCHEMA, HOSTILE, f"runner:{HOSTILE}"),)
    command = ("sh", "-c", f"printf '%s\\n' '{HOSTILE}'; printf '%s\\n' '{HOSTILE}' >&2; exit 3")
    greet = Task("tests.Greet", "v1.0", SCHEMA)
    old = write_release(tmp_path / "tree", tmp_path / "dist", tasks=(greet,), content=b"1\n", command=command)
    content = f"print({HOSTILE!r})\n{HOSTILE}\n".encode()
    new = write_release(tmp_path / "tree", tmp_path / "dist", tasks=tasks, version="1.0.1", content=content, command=command)
    return old, new


@both
@pytest.mark.parametrize("command", [["files"], ["files", "--largest"], ["files", "--why", f"data/{INVISIBLE}"], ["check"]])
def test_names_of_files_are_shown_with_escapes(command, run, project, environment):
    _code, output = run([*CLI, *command], environment, project)
    assert (r"zero\u200bwidth.txt" in output) == (command != ["check"])


@both
@pytest.mark.parametrize(
    "command", [["files"], ["files", "--why", f"data/{HOSTILE}.txt"], ["check"], ["build", "-v"], ["build", "-vv"]]
)
def test_names_with_controls_are_shown_with_escapes(command, run, bad_project, environment):
    code, output = run([*CLI, *command], environment, bad_project)
    assert r"data/a\x1b]0;owned\x07b\x1b[35;107mc" in output
    assert r"e\nFORGED" in output
    assert ("has a control character in its path" in output) == (code == 1)


@both
@pytest.mark.parametrize(
    "command",
    [
        ["inspect", "{new}"],
        ["inspect", "-v", "{new}"],
        ["diff", "{old}", "{new}"],
        ["diff", "-v", "--text", "{old}", "{new}"],
        ["extract", "-v", "{new}", "--to", "unpacked"],
        ["verify", "-v", "--no-run", "{new}"],
        ["verify", "-v", "{new}"],
        ["run", "-v", "{new}", "--input", HOSTILE],
        ["publish", "-v", "{new}", "--to", "./store"],
        ["publish", "-v", "{new}", "--to", "./store", "--dry-run", "--verify"],
        ["releases", "file:///nowhere/{hostile}"],
        ["releases", "--workflow", HOSTILE, "./store"],
        ["fetch", "./store", "--release", HOSTILE],
        ["inspect", HOSTILE],
        ["extract", HOSTILE],
        [HOSTILE],
    ],
    ids=lambda command: " ".join(command).replace(HOSTILE, "HOSTILE"),
)
def test_what_a_release_says_is_shown_with_escapes(command, run, releases, environment, tmp_path):
    old, new = releases
    arguments = [part.replace("{new}", str(new)).replace("{old}", str(old)).replace("{hostile}", HOSTILE) for part in command]
    run([*CLI, *arguments], environment, tmp_path)


@both
@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize(
    "command",
    [
        ["releases", "-v", "{api}"],
        ["fetch", "{api}", "--workflow", "flow"],
        ["publish", "-v", "{new}", "--to", "{api}"],
        ["deploy", "--to", "{api}", "--latest", "--workflow", "flow", "--cluster", "a"],
        ["undeploy", "--to", "{api}", "--latest", "--workflow", "flow", "--cluster", "a"],
        ["releases", "oci://{host}/a/b"],
    ],
)
def test_what_a_server_says_is_shown_with_escapes(command, refuses, run, releases, environment, tmp_path):
    with hostile_server(refuses=refuses) as host:
        places = {"{api}": f"http://{host}", "{host}": host, "{new}": str(releases[1])}
        arguments = [places.get(part, part.replace("{host}", host)) for part in command]
        variables = {"TILEBOX_API_URL": f"http://{host}", "HATCH_TILEBOX_PUBLISH_ARTIFACT_URL": f"http://{host}/artifacts"}
        code, output = run([*CLI, *arguments], {**environment, **variables}, tmp_path)
    assert not refuses or (code == 1 and "owned" in output)


@both
def test_what_uv_and_a_build_backend_say_is_shown_with_escapes(run, environment, tmp_path):
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    pyproject = f'{system}[project]\nname = "flow"\nversion = "1"\nrequires-python = ">=3.10"\n'
    root = make_project(tmp_path / "project", **{"pyproject.toml": pyproject, "backend.py": BACKEND})
    (root / "tilebox.workflow.toml").write_text(WORKFLOW.replace("data/**", "backend.py"))
    code, output = run([*CLI, "build", "-vv"], environment, root)
    assert code == 1
    assert r"a\x1b]0;owned\x07b" in output


@pytest.mark.frontends
@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "hatchling", "build", "-t", "tilebox"],
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        ["hatch", "-v", "build", "-t", "tilebox"],
        ["uv", "build", "--wheel"],
    ],
)
def test_frontends_show_names_with_escapes(command, bad_project, frontend_env, environment):
    code, output = piped(command, {**frontend_env, "HATCH_TILEBOX_CACHE_DIR": environment["HATCH_TILEBOX_CACHE_DIR"]}, bad_project)
    assert code != 0
    assert r"data/a\x1b]0;owned\x07b\x1b[35;107mc" in output


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    "command", [["files"], ["files", "--largest"], ["check"], ["build"], ["inspect", "x.tbrelease"], ["--help"]]
)
def test_a_terminal_without_unicode(command, encoding, environment, tmp_path):
    root = make_project(tmp_path / "Größe \U0001f30d", **{"data/雪.txt": "x"})
    code, output = piped([*CLI, *command], {**environment, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, root, encoding)
    assert "Traceback" not in output
    assert code in {0, 1}


@pytest.mark.parametrize("command", ["inspect {new}", "diff --text {old} {new}", "verify {new}"])
def test_json_escapes_by_itself(command, releases, environment, tmp_path):
    places = {"{old}": str(releases[0]), "{new}": str(releases[1])}
    arguments = [places.get(part, part) for part in command.split()]
    _code, output = piped([*CLI, *arguments, "--json"], environment, tmp_path, stdout_only=True)
    assert output.isascii()
    assert "owned" in json.dumps(json.loads(output))


def test_what_a_task_logs_and_prints_is_shown_with_escapes(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    display = JobDisplay(1, SafeConsole(stderr=True))
    job = Job(LocalTask(f"tests/{HOSTILE}", "v1.0", b"", HOSTILE))
    root = job.next()
    display.task_started(root, job)
    attributes = {HOSTILE: HOSTILE, "exception.stacktrace": HOSTILE.replace("FORGED", "")}
    display.log(LogRecord(0, HOSTILE, HOSTILE, attributes, str(root.id)))
    display.output(f"{HOSTILE} \x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\")
    root.progress = ((HOSTILE, 1, 2),)
    job.computed(root, [Submission(HOSTILE, "v1.0", json.dumps(HOSTILE).encode(), HOSTILE)])
    display.task_ended(root, job)
    display.close()
    span = Span(HOSTILE, "a", "", 0, 10**9, False, None, None)
    show_job(RunResult(job.state, tuple(job.root.below()), (), (span,), (), ()), everything=True)
    shown = capfd.readouterr()
    check(shown.err.encode(), terminal=False)
    check(shown.out.encode(), terminal=False)
    assert shown.err.count("owned") >= 4
    assert shown.out.count("owned") >= 4
