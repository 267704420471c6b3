"""Run programs, and edit the files that they read."""

from __future__ import annotations

import subprocess
import sys

CLI = (sys.executable, "-m", "hatch_tilebox")


def run(command, folder, env, *, code=0, **options):
    """Run a command and return the ended process. `code` is the exit code that it must have, None for any."""
    command = [*map(str, command)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, **options)
    assert code in {None, done.returncode}, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def printed(command, folder, env, **options):
    """Run a command and return what it prints on both streams."""
    done = run(command, folder, env, **options)
    return done.stdout + done.stderr


def edit(path, old, new):
    """Replace text that is in a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
