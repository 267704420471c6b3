"""A missing extra is installed in the way in which the package was."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hatch_tilebox.core.extras import install_command


@pytest.mark.parametrize(
    ("folder", "file", "expected"),
    [
        ("cache/uv/archive-v0/aHU8pSLF", None, "uvx --from \"hatch-tilebox[cli]\" hatch-tilebox build 'a b'"),
        ("tools/hatch-tilebox", "uv-receipt.toml", 'uv tool install "hatch-tilebox[cli]"'),
        ("pipx/venvs/hatch-tilebox", "pipx_metadata.json", 'pipx install --force "hatch-tilebox[cli]"'),
        ("project/.venv", "pyvenv.cfg", 'pip install "hatch-tilebox[cli]"'),
    ],
)
def test_the_command_fits_how_it_was_installed(tmp_path, folder, file, expected):
    prefix = tmp_path / folder
    prefix.mkdir(parents=True)
    if file:
        (prefix / file).touch()
    assert install_command("cli", str(prefix), ["build", "a b"]) == expected


@pytest.mark.frontends
def test_uvx_names_itself(wheelhouse, clean_env, tmp_path):
    (wheel,) = wheelhouse.glob("*.whl")
    command = ["uvx", "--from", wheel, "hatch-tilebox", "build"]
    done = subprocess.run(command, cwd=tmp_path, env=clean_env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error[TBX902]: the command line needs the module rich, which is not installed" in done.stderr
    assert 'help: uvx --from "hatch-tilebox[cli]" hatch-tilebox build' in done.stderr


@pytest.mark.frontends
def test_uvx_builds_with_the_extra(wheelhouse, clean_env, small_project):
    (wheel,) = wheelhouse.glob("*.whl")
    command = ["uvx", "--python", sys.executable, "--from", f"{wheel}[cli]", "hatch-tilebox", "check"]
    done = subprocess.run(command, cwd=small_project(), env=clean_env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
