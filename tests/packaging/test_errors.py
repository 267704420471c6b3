"""Every error, in a copy of a working project, as a real frontend shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from programs import edit
from shown import flat

from hatch_tilebox.frontends.text_progress import without_hints_of_uv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.frontends

FRONTENDS = {
    "hatch": ["hatch", "build", "-t", "tilebox"],
    "uv": ["uv", "build", "--wheel"],
    "build": [sys.executable, "-m", "build", "--wheel", "--no-isolation"],
    "hatchling": [sys.executable, "-m", "hatchling", "build", "-t", "tilebox"],
}


def config(old, new):
    return lambda folder: edit(folder / "tilebox.workflow.toml", old, new)


def code(old, new):
    return lambda folder: edit(folder / "runner.py", old, new)


def git_lfs_pointer(folder: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize {1 << 20}\n"
    (folder / "weights.py").write_text(pointer)


def empty_submodule(folder: Path) -> None:
    """What a clone without `--recurse-submodules` leaves of a submodule."""
    (folder / "shared").mkdir()
    (folder / ".gitmodules").write_text('[submodule "shared"]\n\tpath = shared\n\turl = ../shared\n')
    path = folder / "tilebox.workflow.toml"
    path.write_text(re.sub(r"include = \[[^]]*\]", 'include = ["shared/**"]', path.read_text()))


RUNNER = 'runner = "runner:runner"'

CASES = {
    "no config file": (
        lambda folder: (folder / "tilebox.workflow.toml").unlink(),
        "hatch",
        [r"tilebox\.workflow\.toml"],
    ),
    "Git LFS pointer": (
        git_lfs_pointer,
        "uv",
        [r"weights\.py: the file is a Git LFS pointer; its content of 1\.0 MiB is not here", r"help: run `git lfs pull`, or leave"],
    ),
    "submodule that is not initialized": (
        empty_submodule,
        "hatchling",
        [
            r'tilebox\.workflow\.toml:6:12: "shared/\*\*" matches nothing: shared is a Git submodule that is not initialized',
            r"help: run `git submodule update --init shared`",
        ],
    ),
    "TOML syntax": (config(RUNNER, "runner = "), "uv", [r"tilebox\.workflow\.toml:3:\d+: "]),
    "unknown key": (
        config("include =", "inclde ="),
        "build",
        [r'tilebox\.workflow\.toml:6:1: unknown key "inclde"', r'help: did you mean "include"\?'],
    ),
    "neither runner nor command": (config(RUNNER, ""), "hatchling", [r"tilebox\.workflow\.toml:1:1: .*runner.*command"]),
    "both runner and command": (
        config(RUNNER, f'{RUNNER}\ncommand = ["worker"]'),
        "build",
        [r"tilebox\.workflow\.toml:4:1: .*runner.*command|tilebox\.workflow\.toml:4:1: .*command.*runner"],
    ),
    "include is empty": (
        config('["pyproject.toml", "uv.lock", "**/*.py"]', "[]"),
        "hatchling",
        [r"tilebox\.workflow\.toml:6:\d+: build\.include: "],
    ),
    "include matches nothing": (
        config('["pyproject.toml", "uv.lock", "**/*.py"]', '["code/**"]'),
        "uv",
        [r"code/\*\*"],
    ),
    "runner without an object": (
        config(RUNNER, 'runner = "runner"'),
        "build",
        [r"tilebox\.workflow\.toml:3:\d+: workflow\.runner: ", "module:object"],
    ),
    "runner's module not selected": (
        config('"**/*.py"', '"tasks/*.py"'),
        "hatchling",
        [r"runner\.py", r"include"],
    ),
    "import error in user code": (
        code("class ReadGauge", "import not_installed_anywhere\n\n\nclass ReadGauge"),
        "uv",
        [r"not_installed_anywhere", r"runner\.py.*line 6"],
    ),
    "object missing": (config(RUNNER, 'runner = "runner:runer"'), "build", [r"runer", r"runner"]),
    "object is no Runner": (config(RUNNER, 'runner = "runner:ReadGauge"'), "build", [r"ReadGauge", r"Runner"]),
    "no task": (code("tasks=[ReadGauge]", "tasks=[]"), "hatchling", [r"no task"]),
    "bad version": (code('"v0.1"', '"1.0"'), "build", [r"1\.0", r"vX\.Y|vMAJOR\.MINOR|v1\.0"]),
    "stale lock": (
        lambda folder: edit(folder / "pyproject.toml", '["tilebox"]', '["tilebox", "affine"]'),
        "uv",
        [r"uv\.lock", r"uv lock"],
    ),
    "start-up takes too long": (
        lambda folder: (
            code("runner = Runner", "import time\n\ntime.sleep(60)\nrunner = Runner")(folder),
            edit(folder / "pyproject.toml", "hooks.tilebox]", "hooks.tilebox]\nstartup-timeout = 5"),
        ),
        "build",
        [r"5 s", r"runner\.py.*line 2\d|time\.sleep", "startup-timeout"],
    ),
    **{
        f"output folder that is a file, {frontend}": (
            lambda folder: (
                (folder / "releases").write_text(""),
                edit(folder / "pyproject.toml", ".tilebox]", '.tilebox]\noutput-dir = "releases/new"'),
            ),
            frontend,
            [r"releases.new cannot be written: Not a directory", r"help: .*`output-dir`"],
        )
        for frontend in ("uv", "hatch", "build")
    },
    "misspelt option": (
        lambda folder: edit(folder / "pyproject.toml", "hooks.tilebox]", 'hooks.tilebox]\nruntme = "import"'),
        "uv",
        [r"runtme", r"runtime"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_explained(case, project, frontend_env):
    spoil, frontend, patterns = CASES[case]
    folder = project("single_file")
    spoil(folder)
    result = subprocess.run(
        FRONTENDS[frontend], cwd=folder, env=frontend_env, capture_output=True, text=True, check=False, timeout=300
    )
    output = flat(result.stdout + result.stderr)
    assert result.returncode != 0, output
    assert "hatch_tilebox" not in re.sub(r"hatch_tilebox\.backend", "", output), f"our own code shows:\n{output}"
    for pattern in patterns:
        assert re.search(pattern, output), output
    assert not list(folder.glob("dist/*")) or {path.name for path in folder.glob("dist/*")} == {".gitignore"}


def test_missing_uv_is_explained(project, frontend_env, tmp_path):
    """A frontend that installs build dependencies installs uv; without isolation, the user has to install it."""
    environment = tmp_path / "env"
    subprocess.run(["uv", "venv", "-q", "-p", sys.executable, environment], check=True, env=frontend_env)
    python = next(path for path in (environment / "bin" / "python", environment / "Scripts" / "python.exe") if path.exists())
    subprocess.run(["uv", "pip", "install", "-q", "-p", python, "hatch-tilebox", "build"], check=True, env=frontend_env)
    path = tmp_path / "path"
    path.mkdir()
    for tool in ("git", "sh"):
        if found := shutil.which(tool):
            (path / tool).symlink_to(found)
    env = {**frontend_env, "PATH": str(path)}
    folder = project("single_file")
    command = [python, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check"]
    result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert "uv is not found" in output
    assert "pip install uv" in output
    assert "Traceback" not in output
    assert not list((folder / "dist").iterdir())


SAME = """\
error[TBX010]: workflow.runner: "runner" is not of the form module:object
 --> tilebox.workflow.toml:3:10
  |
3 | runner = "runner"
  |          ^^^^^^^^
  |
help: did you mean "runner:runner"?

error[TBX012]: unknown key "inclde"
 --> tilebox.workflow.toml:6:1
  |
6 | inclde = ["pyproject.toml", "uv.lock", "**/*.py"]
  | ^^^^^^
  |
help: did you mean "include"?

Found 2 errors (1 fixable with check --fix)
"""
PIP = ["uv", "run", "--no-project", "--with", "pip", "python", "-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist", "."]


@pytest.mark.parametrize("frontend", [*FRONTENDS, "hatch-tilebox", "pip"])
def test_every_frontend_prints_the_same_text(frontend, project, frontend_env):
    folder = project("single_file")
    config(RUNNER, 'runner = "runner"')(folder)
    config("include =", "inclde =")(folder)
    command = {**FRONTENDS, "hatch-tilebox": [sys.executable, "-m", "hatch_tilebox", "build"], "pip": PIP}[frontend]
    done = subprocess.run(command, cwd=folder, env=frontend_env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode != 0
    lines = (done.stdout + done.stderr).splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if line.lstrip().startswith("error[TBX")), len(lines))
    margin = " " * (len(lines[first]) - len(lines[first].lstrip()))
    shown = "".join(line.removeprefix(margin) if line.strip() else "\n" for line in lines[first : first + SAME.count("\n")])
    assert shown == SAME


BACKEND = """\
import sys

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    sys.stderr.write({text!r})
    raise SystemExit(1)
"""
HINT_OF_UV = "build-system.requires"


def uv_build(folder, env):
    done = subprocess.run(["uv", "build", "--wheel"], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_the_last_word_under_uv_is_ours(project, frontend_env):
    """uv reads the end of our output, and below `ModuleNotFoundError: No module named 'bands'` it advises to require bands."""
    folder = project("single_file")
    (folder / "bands.py").write_text("BANDS = 3\n")
    config('"**/*.py"]', '"runner.py"]')(folder)
    code("class ReadGauge", "import bands\n\n\nclass ReadGauge")(folder)
    output = uv_build(folder, frontend_env)
    assert "error[TBX105]: module `bands` (bands.py) is in the project, but not among the selected files" in output
    assert 'help: add "bands.py" to [build] include in tilebox.workflow.toml' in output
    assert HINT_OF_UV not in output
    assert "ModuleNotFoundError: No module named 'bands'" not in output


@pytest.mark.parametrize(
    "text",
    [
        "ModuleNotFoundError: No module named 'bands'",
        'ModuleNotFoundError: No module named "bands"',
        "a.c:3:1: fatal error: 'b.h' file not found",
    ],
)
def test_uv_derives_no_hint_from_our_form_of_its_words(tmp_path, frontend_env, text):
    """With the words as they are, uv adds its hint: this shows that the test above would notice it."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    hints = []
    for words in (text, without_hints_of_uv(text)):
        (tmp_path / "backend.py").write_text(BACKEND.format(text=f"  | {words}\n"))
        hints.append("likely indicates" in uv_build(tmp_path, {**frontend_env, "PYTHONDONTWRITEBYTECODE": "1"}))
    assert hints == [True, False]
