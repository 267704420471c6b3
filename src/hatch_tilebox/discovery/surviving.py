"""Find and kill processes that survive the child that started them, or this process itself.

Every child gets a mark in its environment, which the processes that it starts inherit.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from hatch_tilebox.core.constants import ACTIVE_VARIABLE

POLL = 0.002
STARTING_POLLS = 5
"""How often to repeat the search while a process has an empty environment, as one that is just being started has."""
WINDOWS = sys.platform == "win32"


def surviving_processes(mark: str, leader: int) -> dict[int, str]:
    """Running processes with `mark` in their environment, except `leader`: id to command line. Empty on systems without /proc."""
    found: dict[int, str] = {}
    needle = f"{ACTIVE_VARIABLE}={mark}".encode()
    for _ in range(STARTING_POLLS):
        starting = False
        for folder in Path("/proc").glob("[0-9]*") if sys.platform == "linux" else ():
            with contextlib.suppress(OSError):  # it has ended meanwhile, or belongs to another user
                environment = (folder / "environ").read_bytes()
                if int(folder.name) != leader and needle in environment.split(b"\0"):
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                    if command:  # a zombie does not have one
                        found[int(folder.name)] = command
                elif not environment:
                    starting |= bool((folder / "exe").readlink())  # fails for zombies and kernel threads
        if not starting:
            break
        time.sleep(POLL)
    return found


class Watchdog:
    """A shell that survives if this process is killed, and then kills the marked processes and those of their group.

    Its input is a pipe that no other process has, so the end of its input means that this process has ended. PR_SET_PDEATHSIG is
    not enough: it works on Linux only, does not reach the processes that the child started, and is sent when the *thread* that
    started the child ends, which may be much earlier. There is no watchdog on Windows.
    """

    SCRIPT = f"""
        read -r group && read -r over && exit 0
        [ -n "$group" ] && kill -KILL -- "-$group"
        for again in 1 2 3; do
            for folder in /proc/[0-9]*; do
                grep -qs "{ACTIVE_VARIABLE}=$1" "$folder/environ" && kill -KILL "${{folder#/proc/}}"
            done
            sleep 0.1
        done
    """

    def __init__(self, mark: str) -> None:
        self._shell: subprocess.Popen[bytes] | None = None
        if WINDOWS:
            return
        with contextlib.suppress(OSError):  # without a shell, children survive if this process is killed
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", self.SCRIPT, "sh", mark],
                cwd="/",
                env={"PATH": os.defpath},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def group(self, leader: int) -> None:
        """Watch the processes of the group of `leader`, too."""
        self._send(str(leader))

    def dismiss(self) -> None:
        """End the watchdog: nothing is left to kill."""
        self._send("over")
        if self._shell is not None and self._shell.stdin is not None:
            with contextlib.suppress(OSError):
                self._shell.stdin.close()
            self._shell.wait()
            self._shell = None

    def _send(self, line: str) -> None:
        if self._shell is not None and self._shell.stdin is not None:
            with contextlib.suppress(OSError):
                self._shell.stdin.write(f"{line}\n".encode())
                self._shell.stdin.flush()
