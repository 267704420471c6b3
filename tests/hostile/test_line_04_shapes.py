"""Wrong values in the user's files are errors that name the file, line and key, never tracebacks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import serve
from other_values import REMOVED, paths, replaced
from shapes_support import DOCKER, HATCH, LOCK, PYPROJECT, USER, UV, WORKFLOW, in_process, real, write
from shown import flat

GOOD = {
    "pyproject.toml": tomlkit.dumps(PYPROJECT),
    "tilebox.workflow.toml": tomlkit.dumps(WORKFLOW),
    "uv.lock": tomlkit.dumps(LOCK),
    "runner.py": "runner = 1\n",
    "README.md": "",
    "LICENSE": "",
}
PROJECT = '[project]\nname = "flow"\nversion = "1"\n'
PUBLISH = f"{PROJECT}[tool.hatch]\npublish = 1\n"
MARK = "starts with a byte order mark; save it as UTF-8 without one"


@pytest.fixture(scope="module")
def registry():
    with serve(lambda *_: (401, {"WWW-Authenticate": 'Basic realm="registry"'}, b"")) as (host, _):
        yield host


@pytest.fixture
def world(tmp_path):
    """A function that writes the files of a project, and of its user, and gives the project and the environment."""

    def make(files):
        root = tmp_path / "project"
        for name, content in {**GOOD, **files}.items():
            write((tmp_path if name.startswith("home/") else root) / name, content)
        return root, environment(tmp_path)

    return make


def environment(folder):
    home = folder / "home"
    return {
        "HATCH_CONFIG": str(home / "hatch.toml"),
        "DOCKER_CONFIG": str(home / "docker"),
        "UV_CONFIG_FILE": str(home / "uv.toml"),
        "HATCH_TILEBOX_CACHE_DIR": str(home / "cache"),
    }


@pytest.mark.parametrize(
    ("files", "command", "said"),
    [
        (
            {"pyproject.toml": f"{PROJECT}[tool.hatch]\npublish = 1\n"},
            "check",
            "pyproject.toml:5:11: tool.hatch.publish: must be a table",
        ),
        (
            {"pyproject.toml": f"{PROJECT}[tool.hatch]\npublish = 1\n"},
            "releases",
            "pyproject.toml:5:11: tool.hatch.publish: must be",
        ),
        (
            {"pyproject.toml": f'{PROJECT}[tool.hatch.publish]\ntilebox = "x"\n'},
            "publish",
            "pyproject.toml:5:11: tool.hatch.publish.tilebox: must be a table, not a string",
        ),
        ({"hatch.toml": "[publish]\ntilebox = 1\n"}, "releases", "hatch.toml:2:11: publish.tilebox: must be a table"),
        (
            {"hatch.toml": "[publish.tilebox]\nverify = 1\n"},
            "releases",
            "hatch.toml:2:1: [tool.hatch.publish.tilebox] verify: must be",
        ),
        (
            {"pyproject.toml": f"{PROJECT}[tool.hatch.publish.tilebox]\nto = 1\n"},
            "releases",
            "pyproject.toml:5:1: [tool.hatch.publish.tilebox] to: must be a string",
        ),
        (
            {"pyproject.toml": f'{PROJECT}[tool.uv.sources]\nfoo = "path"\n'},
            "check",
            "pyproject.toml:5:7: tool.uv.sources.foo: must be a table or an array of tables, not a string",
        ),
        (
            {"pyproject.toml": f'{PROJECT}[tool.uv.sources]\nfoo = ["path"]\n'},
            "build",
            "pyproject.toml:5:8: tool.uv.sources.foo[0]: must be a table, not a string",
        ),
        ({"home/hatch.toml": lambda path: path.mkdir()}, "releases", "home/hatch.toml: cannot be read: it is a folder, not a file"),
        ({"home/hatch.toml": "publish = []\n"}, "releases", "home/hatch.toml:1:11: publish: must be a table, not an array"),
        (
            {"home/hatch.toml": "[publish.tilebox]\nverify = 'no'\n"},
            "releases",
            "home/hatch.toml:2:1: [publish.tilebox] verify: must be",
        ),
        ({"home/docker/config.json": "[]"}, "releases oci://{registry}/a/b", "config.json: must hold an object"),
        (
            {"home/docker/config.json": lambda path: path.mkdir()},
            "releases oci://{registry}/a/b",
            "config.json: cannot be read: it is a f",
        ),
        ({"home/docker/config.json": '{"auths": []}'}, "releases oci://{registry}/a/b", "config.json: auths must be an object"),
        ({"home/docker/config.json": "["}, "releases oci://{registry}/a/b", "config.json: is not JSON"),
        ({"pyproject.toml": "\ufeff" + GOOD["pyproject.toml"]}, "check", f"pyproject.toml:1:1: {MARK}"),
        ({"pyproject.toml": "\ufeff" + GOOD["pyproject.toml"]}, "adopt --yes", f"pyproject.toml:1:1: {MARK}"),
        ({"pyproject.toml": "\ufeff" + GOOD["pyproject.toml"]}, "build", f"pyproject.toml:1:1: {MARK}"),
        (
            {"pyproject.toml": GOOD["pyproject.toml"].encode("utf-16")},
            "check",
            "0xff is not allowed here; it looks like UTF-16",
        ),
        (
            {"pyproject.toml": GOOD["pyproject.toml"].encode() + b"# \xe4\n"},
            "check",
            "not UTF-8 text: byte 0xe4 is not allowed",
        ),
        ({"pyproject.toml": PROJECT + "a = '\0'\n"}, "check", "pyproject.toml:4:"),
        ({"pyproject.toml": "a = " + "[" * 20000}, "check", "pyproject.toml: not valid TOML: nested too deeply"),
        ({"tilebox.workflow.toml": "a = " + "[" * 20000}, "check", "tilebox.workflow.toml: not valid TOML: nested too deeply"),
        ({"pyproject.toml": os.mkfifo}, "check", "pyproject.toml: cannot be read: it is a pipe"),
        ({"pyproject.toml": os.mkfifo}, "adopt --yes", "pyproject.toml: cannot be read: it is a pipe"),
        ({"pyproject.toml": lambda path: path.mkdir()}, "build", "pyproject.toml: cannot be read: it is a folder"),
        ({"tilebox.workflow.toml": lambda path: path.mkdir()}, "check", "tilebox.workflow.toml: cannot be read: it is a folder"),
        ({"tilebox.workflow.toml": os.mkfifo}, "files", "tilebox.workflow.toml: cannot be read: it is a pipe"),
        ({"uv.lock": lambda path: path.mkdir()}, "check", "uv.lock: cannot be read: it is a folder"),
        ({"uv.lock": os.mkfifo}, "check", "uv.lock: cannot be read: it is a pipe"),
        ({"uv.lock": b"\xff\xfe\0"}, "check", "uv.lock:1:1: not UTF-8 text"),
        ({}, "inspect ''", "no distribution named '' is installed"),
        ({"a.tbrelease": os.mkfifo}, "inspect a.tbrelease", "a.tbrelease: cannot be read: it is a pipe"),
        ({"a.whl": lambda path: path.mkdir()}, "inspect a.whl", "a.whl: cannot be read as a wheel"),
    ],
)
def test_examples(files, command, said, world, registry):
    root, user = world(files)
    arguments = [argument.strip("'").replace("{registry}", registry) for argument in command.split()]
    code, output = real(arguments, user, root)
    assert said in flat(output)
    assert code == 1
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "files",
    [
        {".gitignore": os.mkfifo},
        {"home/uv.toml": os.mkfifo},
        {"home/uv.toml": lambda path: path.mkdir()},
        {"home/uv.toml": "index-url = '//['\nfind-links = 'http://[::'\n"},
        {"uv.toml": os.mkfifo},
        {"uv.lock": '[[package]]\nname = "a"\nsource = { registry = "http://[" }\nsdist = { url = "http://127.0.0.1:1/[x" }\n'},
        {".gitignore": lambda path: path.mkdir()},
        {".gitignore": b"\xff\xfe\0\n[\n\\"},
        {".git": "gitdir: a\0b"},
        {".git": os.mkfifo},
        {".git": "gitdir: .", "commondir": os.mkfifo},
        {".git/info/exclude": lambda path: path.mkdir()},
        {"deep.py": "x = " + "(" * 20000},
        {"nul.py": "x = '\0'"},
    ],
)
@pytest.mark.parametrize("command", ["files", "check"])
def test_other_files_that_are_looked_at(command, files, world):
    root, user = world(files)
    code, output = real([command], user, root)
    assert ("runner.py" in output) == (command == "files")
    assert "Traceback" not in output
    assert code in {0, 1}


ODD = [
    "",
    " ",
    ".",
    "..",
    "-",
    "/",
    "//",
    "a/b",
    "\n",
    "\x1b[31m",
    "\u202e",
    "\udcff",
    "ä",
    "x" * 5000,
    "{}",
    "@",
    ":",
    "://",
    "a:b",
    "~",
    "%",
]
COMMANDS = [
    ["init", "--offline", "--name", None, "/dev/null/x"],
    ["adopt", None],
    ["check", None],
    ["files", None],
    ["files", "--why", None],
    ["inspect", None],
    ["verify", None],
    ["diff", None, None],
    ["run", None],
    ["extract", None],
    ["publish", "--dry-run", None],
    ["publish", "--dry-run", "--to", None],
    ["fetch", None],
    ["fetch", "file:///nowhere", "--release", None],
    ["releases", None],
    ["releases", "--workflow", None, "file:///nowhere"],
    ["deploy", "--to", "file:///nowhere", "--latest", "--cluster", None],
    ["deploy", "--to", "file:///nowhere", "--latest", "--target", None],
    ["undeploy", "--to", "file:///nowhere", "--release", None],
    ["schema", None],
    ["-C", None, "check"],
    [None],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(part or "ODD" for part in command))
def test_odd_arguments(command, world, monkeypatch):
    root, user = world({"pyproject.toml": PROJECT})
    monkeypatch.chdir(root)
    for odd in ODD:
        code, output = in_process(
            [odd if part is None else part for part in command], {**user, "TILEBOX_API_URL": "http://127.0.0.1:9"}
        )
        monkeypatch.chdir(root)  # -C goes elsewhere
        assert code in {0, 1, 2}, (odd, output)
        assert "\x1b" not in output


FILES = {
    "pyproject.toml": (PYPROJECT, tomlkit.dumps),
    "tilebox.workflow.toml": (WORKFLOW, tomlkit.dumps),
    "uv.lock": (LOCK, tomlkit.dumps),
    "hatch.toml": (HATCH, tomlkit.dumps),
    "uv.toml": (UV, tomlkit.dumps),
    "home/uv.toml": (UV, tomlkit.dumps),
    "home/hatch.toml": (USER, tomlkit.dumps),
    "home/docker/config.json": (DOCKER, json.dumps),
}
READERS = [["check"], ["files"], ["adopt", "--json"], ["releases"], ["publish", "--dry-run"], ["releases", "oci://{registry}/a/b"]]
SCALARS = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.dates(), st.text(max_size=5), st.sampled_from(["a/b", "..", "\x1b[31m"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2), max_leaves=5
)


@st.composite
def wrong_files(draw):
    """The name of a file and its content: the usual one with some other values."""
    name = draw(st.sampled_from(sorted(FILES)))
    values, dump = FILES[name]
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from([path for path in paths(values) if path] or [()]))
        if path:
            values = replaced(values, path, draw(st.just(REMOVED) | VALUES))
    try:
        return name, dump(values)
    except (TypeError, ValueError):  # neither TOML nor JSON has such a value
        return name, "x = \n"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=wrong_files())
def test_generated_values(wrong, world, registry, monkeypatch):
    """With any value at one place of a file, commands end with a documented exit code, and a failed check names a file."""
    name, content = wrong
    root, user = world({name: content.replace("{host}", registry)})
    try:
        monkeypatch.chdir(root)
        for command in READERS:
            code, output = in_process([part.replace("{registry}", registry) for part in command], user)
            assert code in {0, 1, 2}, output
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", output)
            assert code != 1 or command != ["check"] or any(file in output for file in FILES)
    finally:
        (root / "hatch.toml").unlink(missing_ok=True)
        (root / "uv.toml").unlink(missing_ok=True)
        shutil.rmtree(root.parent / "home", ignore_errors=True)


@pytest.mark.parametrize(
    ("pyproject", "said"),
    [
        ("[tool.hatch.build]\nhooks = 1\n", "pyproject.toml:5:9: tool.hatch.build.hooks: must be a table, not an integer"),
        ("[tool]\nhatch = []\n", "pyproject.toml:5:9: tool.hatch: must be a table, not an array"),
        ("dependencies = 3\n", "pyproject.toml:4:16: project.dependencies: must be an array of strings, not an integer"),
    ],
)
@pytest.mark.parametrize("call", ["build_wheel('dist')", "build_sdist('dist')", "build_editable('dist')"])
def test_our_build_backend(call, pyproject, said, world):
    root, user = world({"pyproject.toml": PROJECT + pyproject})
    done = subprocess.run(
        [sys.executable, "-c", f"import hatch_tilebox.backend as backend; backend.{call}"],
        cwd=root,
        env={**os.environ, **user},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert flat(done.stderr).startswith(f"error: {said}\n")
