"""What the Tab key completes, asked for by real shells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hand_made_releases import write_release
from output_schema import check_output

from hatch_tilebox.cli.group_help import COMMANDS
from hatch_tilebox.core.model import Task

TASKS = (Task("tilebox.com/qa/CheckScene", "v1.0"), Task("tilebox.com/qa/Classify", "v1.0"))

SETTINGS = {"hatch_tilebox.publish.settings"}
"""The one module for publishing that completion needs, for the help of `publish`."""


@pytest.fixture
def project(tmp_path):
    """A project with a destination, two targets and a built release."""
    folder = tmp_path / "project"
    write_release(tmp_path / "tree", folder / "dist", tasks=TASKS)
    (folder / "tilebox.workflow.toml").write_text(
        '[workflow]\nslug = "scene-qa"\nrunner = "a:b"\n[build]\ninclude = ["**"]\n'
        '[targets.staging]\nclusters = ["a"]\n[targets.production]\nclusters = ["b"]\n'
    )
    (folder / "pyproject.toml").write_text('[tool.hatch.publish.tilebox]\nto = "oci://ghcr.io/acme/qa"\n')
    return folder


@pytest.fixture
def shell(project, clean_env):
    def run(*command):
        env = {**clean_env, "HATCH_TILEBOX_CACHE_DIR": "/nowhere"}
        return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=True).stdout

    return run


CASES = [
    ("deploy --target ", ["production", "staging"]),
    ("deploy --target st", ["staging"]),
    ("publish --deploy p", ["production"]),
    ("publish --to t", ["tilebox"]),
    ("publish --to o", ["oci://ghcr.io/acme/qa"]),
    ("run Cl", ["Classify"]),
    ("inspect ", ["dist/scene_qa-1.0.0.tbrelease"]),
    ("comp", ["completion"]),
    ("completion z", ["zsh"]),
    ("check --out", ["--output-format"]),
]


@pytest.mark.needs_tool("bash")
@pytest.mark.parametrize(("line", "expected"), CASES)
def test_bash(shell, line, expected):
    words = " ".join(f"'{word}'" for word in f"hatch-tilebox {line}".split(" "))
    script = f"""
eval "$(hatch-tilebox completion bash)"
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_hatch_tilebox_completion hatch-tilebox
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    assert [name for name in shell("bash", "--norc", "-c", script).splitlines() if name in expected] == expected


@pytest.mark.needs_tool("fish")
def test_fish(shell):
    script = "hatch-tilebox completion fish | source; complete -C 'hatch-tilebox deploy --target '"
    assert {line.split("\t")[0] for line in shell("fish", "--no-config", "-c", script).splitlines()} == {"production", "staging"}


@pytest.mark.needs_tool("zsh")
def test_zsh(shell):
    script = 'autoload -U compinit; compinit -u -D; eval "$(hatch-tilebox completion zsh)"; print $_comps[hatch-tilebox]'
    assert shell("zsh", "-f", "-c", script).strip() == "_hatch_tilebox_completion"


def ask(folder, line):
    """What the program answers to a shell, and the modules that this takes."""
    words = f"hatch-tilebox {line}"
    code = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    code += "from hatch_tilebox.cli import main; main()"
    env = {**os.environ, "_HATCH_TILEBOX_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return [item.partition(",")[2] for item in done.stdout.split()], set(done.stderr.split())


def test_nothing_slow_is_imported_and_nothing_outside_is_asked(project):
    found, modules = ask(project, "deploy --target ")
    assert found == ["production", "staging"]
    assert not modules & {"httpx", "hatchling", "tomlkit", "pathspec", "jsonschema"}


@pytest.mark.parametrize("command", COMMANDS)
def test_options_of_commands_are_completed_without_what_only_running_them_needs(project, command):
    found, modules = ask(project, f"{command} --js")
    assert found == ["--json"]
    assert not {name for name in modules if name.split(".")[0] in {"rich", "hatchling", "httpx", "tomlkit"}}
    assert not {name for name in modules if name.startswith(("hatch_tilebox.publish.", "hatch_tilebox.discovery"))} - SETTINGS
    assert len(modules) < 200


def test_tasks_come_from_the_newest_release(project, tmp_path):
    assert ask(project, "run x --task C")[0] == ["CheckScene", "Classify"]
    assert ask(project, "run x --task tile")[0] == ["tilebox.com/qa/CheckScene", "tilebox.com/qa/Classify"]
    newer = write_release(tmp_path / "tree2", tmp_path / "dist2", version="2.0.0")
    newer.rename(project / "dist" / newer.name)
    assert ask(project, "run x --task ")[0] == ["tests.Greet"]


def test_the_words_of_run(project, tmp_path):
    """Releases and tasks; after a release its own tasks; nothing after a task."""
    found, modules = ask(project, "run ")
    assert found == ["", "dist/scene_qa-1.0.0.tbrelease", "CheckScene", "Classify"]
    assert not modules & {"httpx", "hatchling", "tomlkit", "pathspec", "jsonschema"}
    assert ask(project, "run --follow Ch")[0] == ["Ch", "CheckScene"]
    assert ask(project, "run Classify ")[0] == []
    other = write_release(tmp_path / "tree2", tmp_path / "dist2")
    assert ask(project, f"run {other} ")[0] == ["tests.Greet"]
    assert ask(project, f"run {other} Greet ")[0] == []


@pytest.mark.parametrize("break_it", ["tilebox.workflow.toml", "dist/scene_qa-1.0.0.tbrelease", "pyproject.toml"])
def test_a_broken_project_completes_less(project, break_it):
    (project / break_it).write_bytes(b"\xff\x00[")
    assert ask(project, "publish --to t")[0] == ["t", "tilebox"]
    assert isinstance(ask(project, "deploy --target ")[0], list)
    assert isinstance(ask(project, "run x --task ")[0], list)


def test_the_script_as_json(invoke):
    result = check_output("completion", invoke("completion", "fish", "--json").stdout)
    assert "complete --no-files --command hatch-tilebox" in result["script"]


def test_outside_a_project(tmp_path):
    assert ask(tmp_path, "deploy --target ")[0] == []
    assert ask(Path("/"), "run x --task ")[0] == []
