"""Every command of the documentation, typed as it stands, in a folder in which it makes sense.

`docs_pages.py` says what a command is. A page with commands needs a world, so none can be added that nobody runs.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest
from docs_pages import ROOT, commands, pages
from docs_place import Place
from docs_worlds_building import WORLDS as BUILDING
from docs_worlds_releasing import WORLDS as RELEASING

pytestmark = pytest.mark.frontends

WORLDS = BUILDING | RELEASING


@pytest.fixture
def place(request, tmp_path, project, frontend_env):
    env = {name: value for name, value in frontend_env.items() if not name.startswith("TILEBOX_")}
    return Place(request, tmp_path, project, env)


@pytest.mark.parametrize("page", list(filter(commands, pages())))
def test_the_commands_of(page, place):
    assert page in WORLDS, f"{page} has commands: add a world that follows it"
    WORLDS[page](place)


def test_worlds_have_pages():
    assert {page for page in WORLDS if not (ROOT / page).is_file() or not commands(page)} == set()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_is_set_up_as_printed(shell, place):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (command,) = [step.text for step in commands("docs/reference/cli.md") if step.shell == shell]
    init = "autoload -U compinit && compinit -u\n" if shell == "zsh" else ""
    there = {"zsh": "whence -w _hatch_tilebox_completion", "fish": "complete --do-complete 'hatch-tilebox ch'"}[shell]
    done = subprocess.run([shell, "-c", f"{init}{command}\n{there}"], env=place.env, capture_output=True, text=True, check=True)
    assert {"zsh": "_hatch_tilebox_completion: function", "fish": "check"}[shell] in done.stdout
