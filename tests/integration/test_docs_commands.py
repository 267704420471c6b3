"""Run every command of the documentation unchanged, in a suitable folder.

`docs_pages.py` says what a command is. A page with commands needs a world, so none can be added that nobody runs.
"""

from __future__ import annotations

import subprocess

import pytest
from conftest_tools import needs_tool
from docs_pages import ROOT, commands, pages
from docs_place import Place
from docs_worlds_building import WORLDS as BUILDING
from docs_worlds_releasing import WORLDS as RELEASING

pytestmark = pytest.mark.frontends

WORLDS = BUILDING | RELEASING
# For a shell: what is in its configuration before, a question whether it completes now, and what is in the answer.
COMPLETION = {
    "zsh": ("autoload -U compinit && compinit -u", "whence -w _hatch_tilebox_completion", "_hatch_tilebox_completion: function"),
    "fish": ("", "complete --do-complete 'hatch-tilebox ch'", "check"),
}


@pytest.fixture
def place(request, tmp_path, project, frontend_env):
    env = {name: value for name, value in frontend_env.items() if not name.startswith("TILEBOX_")}
    return Place(request.node.callspec.params.get("page"), request, tmp_path, project, env)


@pytest.mark.parametrize("page", list(filter(commands, pages())))
def test_the_commands_of(page, place):
    assert page in WORLDS, f"{page} has commands: add a world that follows it"
    WORLDS[page](place)
    assert any(world.followed for world in place.worlds), f"the world of {page} does not follow it"


def test_worlds_have_pages():
    assert {page for page in WORLDS if not (ROOT / page).is_file() or not commands(page)} == set()


@pytest.mark.parametrize(
    "command", [step for page in pages() for step in commands(page) if step.shell != "bash"], ids=lambda command: command.shell
)
def test_completion_is_set_up_as_printed(command, place):
    """The commands for other shells than bash run in these shells."""
    init, question, answer = COMPLETION[command.shell]
    needs_tool(command.shell)
    script = f"{init}\n{command.text}\n{question}"
    done = subprocess.run([command.shell, "-c", script], env=place.env, capture_output=True, text=True, check=True)
    assert answer in done.stdout
