"""Commands end with the next one, at a terminal. Who types what they say gets from an empty folder to a deployed release."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hand_made_releases import write_release

pytestmark = [pytest.mark.runtime, pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")]

ROOT = Path(__file__).parents[2]
_NEXT = re.compile(r"^\x1b\[2mNext: (.*)\x1b\[0m$", re.MULTILINE)


@pytest.fixture
def typed(terminal, clean_env, tmp_path):
    """A function that types a command, and gives what the terminal shows and the next command there, None without one."""
    environment = {name: value for name, value in clean_env.items() if not name.startswith("TILEBOX_") and name != "FORCE_COLOR"}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "80", "HATCH_TILEBOX_PUBLISH_TO": str(tmp_path / "store")}

    def run(line, folder=tmp_path):
        text = terminal.seen(line, folder, environment)
        assert "\x1b[1;31merror" not in text or "|| true" in line, text
        return text, next(iter(_NEXT.findall(text)), None)

    return run


def test_the_next_commands_lead_to_a_deployed_release(typed, tmp_path):
    line, folder, seen = "hatch-tilebox init --offline --name 'Scene QA' 'my flow'", tmp_path, []
    while line:
        seen.append(line)
        where, _, command = line.rpartition(" && ")
        folder = folder / shlex.split(where or "cd .")[1]
        text, line = typed(command, folder)
        assert text.count("Next:") == (line is not None)
        line = (line or "").partition(", or ")[0]
    assert seen == [
        "hatch-tilebox init --offline --name 'Scene QA' 'my flow'",
        "cd 'my flow' && hatch-tilebox run scene_id=S2A cloud_cover=0.1",
        "hatch-tilebox publish",
        "hatch-tilebox deploy --latest",
        "hatch-tilebox clusters",
    ]


@pytest.fixture
def flow(project, tmp_path):
    return Path(shutil.move(project("scene_qa"), tmp_path / "my flow"))


def test_other_folders_and_files_stay_in_the_command(typed, flow):
    base = flow.parent
    assert typed("hatch-tilebox check 'my flow'")[1] == "hatch-tilebox -C 'my flow' build"
    assert typed("hatch-tilebox -C 'my flow' check")[1] == "hatch-tilebox -C 'my flow' build"
    assert typed("hatch-tilebox -C .. check 'my flow'", flow)[1] == "hatch-tilebox -C '../my flow' build"
    assert typed("hatch-tilebox check", flow)[1] == "hatch-tilebox build"
    built = typed("hatch-tilebox build --out out 'my flow'")[1]
    assert built == "hatch-tilebox run out/scene_qa-1.2.0.tbrelease, or hatch-tilebox publish out/scene_qa-1.2.0.tbrelease"
    assert typed("hatch-tilebox -C 'my flow' build")[1].startswith(
        "hatch-tilebox -C 'my flow' run, or hatch-tilebox -C 'my flow' pub"
    )
    verified = typed("hatch-tilebox verify --no-run out/scene_qa-1.2.0.tbrelease")[1]
    assert verified == "hatch-tilebox publish out/scene_qa-1.2.0.tbrelease"
    published = typed("hatch-tilebox publish --to './other store' out/scene_qa-1.2.0.tbrelease")[1]
    assert re.fullmatch(r"hatch-tilebox deploy --to './other store' --latest --workflow \S+", published)
    again = typed("hatch-tilebox publish --to './other store' out/scene_qa-1.2.0.tbrelease")[1]
    assert re.fullmatch(published.replace("--latest", r"--release \S{36}"), again)
    assert typed(published)[1] == "hatch-tilebox clusters './other store'"
    assert typed("hatch-tilebox publish --dry-run out/scene_qa-1.2.0.tbrelease")[1] is None
    slug = published.split()[-1]
    fetched = typed(f"hatch-tilebox fetch './other store' --workflow {slug} --to out")[1]
    assert fetched == "hatch-tilebox verify out/scene_qa-1.2.0.tbrelease"
    assert (base / "out" / "scene_qa-1.2.0.tbrelease").exists()


@pytest.mark.parametrize(
    "line",
    [
        "hatch-tilebox check -q",
        "hatch-tilebox -q check",
        "hatch-tilebox check --json",
        "hatch-tilebox check --output-format github",
        "hatch-tilebox check | cat",
        "hatch-tilebox check 2>&1 | cat",
        "hatch-tilebox check 2> errors",
        "hatch-tilebox check --all",
        "echo x > tilebox.workflow.toml; hatch-tilebox check || true",
    ],
)
def test_nobody_else_gets_one(typed, flow, line):
    assert "Next:" not in typed(line, flow)[0]


def test_after_adopt_the_lock_is_made(typed, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "pyproject.toml").write_text(
        '[project]\nname = "tide"\nversion = "0.1.0"\nrequires-python = ">=3.12"\ndependencies = ["tilebox"]\n'
    )
    (tmp_path / "old" / "runner.py").write_text("from tilebox.workflows import Runner\n\nrunner = Runner(tasks=[])\n")
    assert typed("hatch-tilebox adopt --yes old")[1] == "cd old && uv lock && hatch-tilebox build"
    assert typed("hatch-tilebox adopt", tmp_path / "old")[1] == "uv lock && hatch-tilebox build"
    subprocess.run(["uv", "lock", "--quiet"], cwd=tmp_path / "old", check=True)
    assert typed("hatch-tilebox adopt", tmp_path / "old")[1] == "hatch-tilebox build"


def test_after_a_registry_or_a_deployment_comes_what_is_there(typed, tmp_path, oci_registry):
    for name in ("tree", "dist"):
        (tmp_path / name).mkdir()
    path = write_release(tmp_path / "tree", tmp_path / "dist")
    registry = f"oci://127.0.0.1:{oci_registry()}/flows/scene-qa"
    assert typed(f"hatch-tilebox publish --to {registry} {path}")[1] == f"hatch-tilebox releases {registry}"
