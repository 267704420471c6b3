"""The behaviour that all commands share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from output_schema import check_output

from hatch_tilebox import __version__
from hatch_tilebox.cli.app import app
from hatch_tilebox.cli.group_help import COMMANDS

MODULES = {path.stem for path in Path(sys.modules["hatch_tilebox.cli"].__file__).parent.glob("*.py")}


@pytest.fixture(params=COMMANDS)
def command(request):
    return request.param


def test_the_group_knows_every_command_there_is():
    with_command = {name for name in MODULES if "def command(" in (Path(app_folder()) / f"{name}.py").read_text()}
    assert with_command == set(COMMANDS)


def app_folder():
    return Path(sys.modules["hatch_tilebox.cli"].__file__).parent


def test_help_of_the_group_says_what_the_command_says_of_itself(command):
    assert app.get_command(None, command).short_help == COMMANDS[command]


def test_help_of_a_command_fits_a_screen_and_has_an_example(invoke, command):
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert f"Example: hatch-tilebox {command}" in result.stdout
    assert len(result.stdout.splitlines()) <= {"build": 68, "publish": 56, "verify": 45}.get(command, 37)  # these have many options
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_every_command_takes_json(command):
    assert any("--json" in parameter.opts for parameter in app.get_command(None, command).params)


def test_help_names_the_exit_codes(invoke):
    assert "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 incompatible" in invoke("-h").stdout


@pytest.mark.parametrize("start", [["-c", "from hatch_tilebox.cli import main; main()"], ["-m", "hatch_tilebox"]])
def test_version(start):
    done = subprocess.run([sys.executable, *start, "--version"], check=True, capture_output=True, text=True)
    assert done.stdout == f"hatch-tilebox, version {__version__}\n"


def test_version_among_other_options(invoke):
    assert invoke("-C", ".", "--version").stdout == f"hatch-tilebox, version {__version__}\n"


def test_a_misspelt_command_is_recognised(invoke):
    result = invoke("chek")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error[TBX901]: there is no command 'chek'\nhelp: did you mean check?\n"


@pytest.mark.parametrize(
    ("arguments", "message", "help_text"),
    [
        (["zzz"], "there is no command 'zzz'", "hatch-tilebox --help shows how to use it"),
        (["check", "--jsn"], "hatch-tilebox check has no option --jsn", "did you mean --json?"),
        (["check", "--qqqq"], "hatch-tilebox check has no option --qqqq", "hatch-tilebox check --help shows how to use it"),
        (["promote"], "missing option '--from'", "hatch-tilebox promote --help shows how to use it"),
        (["-C", "nowhere", "check"], "invalid value for '-C': directory 'nowhere' does not exist", "hatch-tilebox --help shows"),
        (["explain", "TBX999"], "invalid value for CODE: there is no code 'TBX999'", "hatch-tilebox explain lists all codes"),
    ],
)
def test_a_mistake_of_usage_is_printed_like_other_errors(invoke, arguments, message, help_text):
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.lower().startswith(f"error[TBX901]: {message}\nhelp: {help_text}".lower())


def test_common_options_are_accepted_before_and_after_the_command(invoke, small_project, monkeypatch, tmp_path):
    small_project()
    for arguments in (
        ("-C", "project", "-q", "check"),
        ("check", "-C", "project", "-q"),
        ("-q", "check", "-C", "project"),
        ("--color", "never", "check", "-C", "project", "-qq"),
    ):
        monkeypatch.chdir(tmp_path)
        result = invoke(*arguments)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_every_command_accepts_the_common_options(command):
    names = {name for parameter in app.get_command(None, command).params for name in parameter.opts}
    assert {"-C", "--color", "-q", "-v"} <= names


@pytest.mark.parametrize(("choice", "colours"), [("always", True), ("never", False), ("auto", False)])
@pytest.mark.parametrize("first", [True, False])
def test_color(invoke, small_project, monkeypatch, choice, colours, first):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    project = small_project({"uv.lock": None})
    option = ("--color", choice)
    result = invoke(*option, "check", project) if first else invoke("check", project, *option)
    assert ("\x1b[" in result.stderr) == colours
    assert not {"NO_COLOR", "FORCE_COLOR"} & set(os.environ)


def test_help_names_the_variables_of_settings(invoke):
    text = " ".join(invoke("publish", "--help").stdout.split())
    for name in ("TO", "VERIFY", "CHECK_COMPATIBILITY", "ALLOW_BREAKING", "BUILD", "STALE", "DEPLOY", "DRY_RUN", "UNIQUE_VERSIONS"):
        assert text.count(f"[env: HATCH_TILEBOX_PUBLISH_{name}]") == 1
    assert "[env: HATCH_TILEBOX_PUBLISH_TO]" in " ".join(invoke("deploy", "--help").stdout.split())
    assert "[env:" not in invoke("extract", "--help").stdout


def test_help_of_a_command_and_of_the_group(invoke):
    assert invoke("help", "check").stdout == invoke("check", "--help").stdout
    assert invoke("help").stdout == invoke("--help").stdout
    assert invoke("help", "chek").exit_code == 2
    headings = [line for line in invoke("--help").stdout.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Options:", "Project:", "Release:", "Publish:", "Machine:"]


def test_an_unknown_command_is_a_mistake_of_usage(invoke):
    assert invoke("zzz").exit_code == 2


def test_c_changes_the_folder_first(invoke, small_project, monkeypatch, tmp_path):
    small_project()
    monkeypatch.chdir(tmp_path)
    assert invoke("-C", "project", "check").exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert invoke("-C", "nowhere", "check").exit_code == 2


@pytest.mark.parametrize(
    ("variable", "colours"), [("FORCE_COLOR", True), ("NO_COLOR", False), (None, False)], ids=["forced", "refused", "no terminal"]
)
def test_colours_are_as_the_environment_says(invoke, small_project, monkeypatch, variable, colours):
    monkeypatch.setenv("TERM", "xterm-256color")
    if variable:
        monkeypatch.setenv(variable, "1")
    project = small_project({"uv.lock": None})
    assert ("\x1b[" in invoke("check", project).stderr) == colours


def test_help_imports_no_command_and_nothing_heavy():
    code = "import sys\nfrom hatch_tilebox.cli.app import app\napp(['-q', '--help'], standalone_mode=False)\nprint(*sys.modules)"
    names = set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())
    ours = {name for name in names if name.startswith("hatch_tilebox")}
    known = ("cli", "cli.app", "cli.group_help", "cli.options", "core.errors")
    assert ours <= {"hatch_tilebox", *(f"hatch_tilebox.{name}" for name in known)}
    assert not names & {"rich", "tomlkit", "hatchling", "pathspec", "importlib.metadata", "httpx"}


def test_cache(invoke, monkeypatch, tmp_path):
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "cache" / "results").mkdir(parents=True)
    (tmp_path / "cache" / "results" / "0.json").write_bytes(b"x" * 2048)
    shown = check_output("cache", invoke("cache", "--json").stdout)
    assert shown == {"path": str(tmp_path / "cache"), "size": 2048, "environments": 0, "results": 1}
    assert "0 environments, 1 results, 2.0 KiB" in invoke("cache").stdout
    cleared = check_output("cache", invoke("cache", "--clear", "--json").stdout)
    assert cleared == {"path": str(tmp_path / "cache"), "size": 0, "environments": 0, "results": 0, "freed": 2048}
    assert "Freed 0 B" in invoke("cache", "--clear").stdout


@pytest.mark.parametrize(
    ("which", "title"), [("workflow", "tilebox.workflow.toml"), ("release", "release"), ("output", "hatch-tilebox")]
)
def test_schema(invoke, which, title):
    schema = json.loads(invoke("schema", which, "--json").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema" or "draft" in schema["$schema"]
    assert title in schema["title"]
    file = Path(invoke("schema", which, "--path").stdout.rstrip("\n"))
    assert json.loads(file.read_text("utf-8")) == schema


@pytest.mark.parametrize(
    ("required", "hint"), [("", "use a frontend"), (', "hatch-vcs>=0.4"', "install 'hatch-vcs>=0.4', which the")]
)
def test_a_plugin_that_only_the_projects_build_has(invoke, small_project, required, hint):
    project = small_project()
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace('version = "0.1.0"', 'dynamic = ["version"]')
    text = text.replace('"hatch-tilebox"]', f'"hatch-tilebox"{required}]')
    pyproject.write_text(f'{text}\n[tool.hatch.version]\nsource = "not-here"\n')
    result = invoke("build", project)
    assert result.exit_code == 1
    assert result.stderr.startswith("error[TBX019]: Unknown version source: not-here\n --> ")
    assert f"/pyproject.toml\nhelp: {hint}" in result.stderr
