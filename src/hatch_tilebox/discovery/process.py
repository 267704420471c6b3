"""Child processes that cannot hurt: bounded output, a time limit, and no survivors."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from hatch_tilebox.core.constants import ACTIVE_VARIABLE
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.signals import certainly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["LONGEST_MESSAGE", "Child", "Finished", "run"]

KEPT_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
LONGEST_MESSAGE = 1 << 30
"""Bytes of a line that is part of a protocol, such as the inputs of all subtasks that a task submits. Other lines may be cut."""
GRACE = 1.0
"""Seconds that a process gets to die, or its pipes to close, after it was told to."""

DYING_POLL = 0.002
BEGINNING_POLLS = 5
"""How often to look again while a process has no environment: for an instant, one that is just being started has none."""

WINDOWS = sys.platform == "win32"


@dataclass(frozen=True)
class Finished:
    """How a child ended. `output` is the end of what it wrote to stdout, `errors` of stderr, both as text.

    `left_behind` names the processes that it started and did not end; they are gone by now.
    """

    returncode: int
    output: str
    errors: str
    seconds: float
    timed_out: bool = False
    left_behind: tuple[str, ...] = ()


class _Tail:
    """The last `KEPT_BYTES` of a stream, read by a thread so that the writer never blocks."""

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None] | None = None, longest: int = READ_BYTES) -> None:
        self._stream = stream
        self._longest = longest
        self._on_line = on_line
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._dropped = False
        self._partial = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), READ_BYTES):
                self._keep(chunk)
                if self._on_line is not None:
                    self._split(chunk)
            if self._partial:  # a last line without an end
                self._split(b"\n")

    def _keep(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._size - len(self._chunks[0]) >= KEPT_BYTES:
            self._size -= len(self._chunks.popleft())
            self._dropped = True

    def _split(self, chunk: bytes) -> None:
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._partial = self._partial[-self._longest :]
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if text and self._on_line is not None:
                self._on_line(text)

    def text(self, timeout: float = 0.0) -> str:
        """What was kept; waits up to `timeout` seconds for the end of the stream."""
        self._thread.join(timeout)
        data = b"".join(self._chunks)[-KEPT_BYTES:]
        if self._dropped:
            data = data.partition(b"\n")[2] or data
        return printable(data.decode(errors="replace"), lines=True)


class Child:
    """A process in a group of its own. Use as a context manager: at the end nothing of the group is left."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None] | None = None,
        on_output: Callable[[str], None] | None = None,
        on_end: Callable[[], None] | None = None,
        stdin: bool = False,
        longest_line: int = READ_BYTES,
    ) -> None:
        """Start `arguments` in `folder`. Raises OSError where the program cannot be started.

        `on_line` gets each line of stderr, `on_output` of stdout, and `on_end` is called when the process is gone, all from
        threads. `stdin` keeps a pipe to the child open, else its input is empty. Of a line of stdout that has more bytes than
        `longest_line` only the end is kept.
        """
        self._mark = uuid4().hex
        self._began = time.perf_counter()
        options: dict[str, Any] = {}
        if WINDOWS:
            options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        else:
            options["start_new_session"] = True
        self._watcher = _Watcher(self._mark)
        try:
            self.process = subprocess.Popen(
                [*arguments],
                cwd=folder,
                env={**environment, ACTIVE_VARIABLE: self._mark},
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                **options,
            )
        except BaseException:  # a signal may come when the child is there already
            certainly(self._abandon)
            raise
        self._watcher.group(self.process.pid)
        self._output = _Tail(_pipe(self.process.stdout), on_output, longest_line)
        self._errors = _Tail(_pipe(self.process.stderr), on_line)
        self._left_behind: tuple[str, ...] = ()
        self._ended = threading.Event()
        self._on_end = on_end
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        self.process.wait()  # a wait with a time limit polls at growing intervals; this one returns at once
        self._ended.set()
        if self._on_end is not None:
            self._on_end()

    def __enter__(self) -> Child:  # noqa: PYI034 -- typing has no Self in Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        certainly(self.end)

    def wait(self, seconds: float) -> bool:
        """Whether the process ended within `seconds`."""
        return self._ended.wait(seconds)

    def ask_for_stack(self) -> None:
        """Make Python processes that run with PYTHONFAULTHANDLER write their stack to stderr and die, where the system can."""
        if not WINDOWS and not self._ended.is_set():
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGABRT)
            self.wait(GRACE)

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._ended.is_set()

    def send(self, line: bytes) -> None:
        """Write `line` to the child's stdin. Raises OSError where it is gone."""
        if self.process.stdin is not None:
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()

    def end(self) -> None:
        """Kill what is left of the process and of all it started."""
        if not self._ended.is_set():
            self._kill_group()
            self.wait(GRACE)
        else:
            self._left_behind = self._left_behind or tuple(_survivors(self._mark, self.process.pid).values())
        self._kill_group()
        self._watcher.dismiss()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def _abandon(self) -> None:
        """Kill what may have been started."""
        for survivor in _survivors(self._mark, 0):
            with contextlib.suppress(OSError):
                os.kill(survivor, signal.SIGKILL)
        self._watcher.dismiss()

    def result(self, *, timed_out: bool = False) -> Finished:
        """End everything and tell how it went."""
        seconds = time.perf_counter() - self._began
        self.end()
        return Finished(
            returncode=self.process.returncode if self.process.returncode is not None else -1,
            output=self._output.text(GRACE),
            errors=self._errors.text(GRACE),
            seconds=seconds,
            timed_out=timed_out,
            left_behind=self._left_behind,
        )

    def _kill_group(self) -> None:
        pid = self.process.pid
        if WINDOWS:
            taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
            subprocess.run([taskkill, "/F", "/T", "/PID", str(pid)], capture_output=True, check=False)
            return
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        deadline = time.monotonic() + GRACE
        while (survivors := _survivors(self._mark, pid)) and time.monotonic() < deadline:
            for survivor in survivors:  # one that made a session of its own, or that is about to die
                with contextlib.suppress(OSError):
                    os.kill(survivor, signal.SIGKILL)
            time.sleep(DYING_POLL)


class _Watcher:
    """A shell that outlives us if we are killed: it then ends the processes that have the mark, and those of their group.

    It learns that we are gone from the end of its input, which is the end of a pipe that no other process has. It does on every
    POSIX system what PR_SET_PDEATHSIG does on Linux, and more: that signal reaches the child alone, not what the child started, and
    comes when the *thread* that started the child ends, which may be long before we do. There is none on Windows.
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
        with contextlib.suppress(OSError):  # without a shell, what we start outlives us if we are killed
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
        self._say(str(leader))

    def dismiss(self) -> None:
        """There is nothing left to end."""
        self._say("over")
        if self._shell is not None and self._shell.stdin is not None:
            with contextlib.suppress(OSError):
                self._shell.stdin.close()
            self._shell.wait()
            self._shell = None

    def _say(self, line: str) -> None:
        if self._shell is not None and self._shell.stdin is not None:
            with contextlib.suppress(OSError):
                self._shell.stdin.write(f"{line}\n".encode())
                self._shell.stdin.flush()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:  # pragma: no cover -- Popen was told to make it
        msg = "no pipe"
        raise RuntimeError(msg)
    return stream


def _survivors(mark: str, leader: int) -> dict[int, str]:
    """Living processes that `leader` started, by id with their command line; known on Linux only, elsewhere none."""
    found: dict[int, str] = {}
    needle = f"{ACTIVE_VARIABLE}={mark}".encode()
    for _ in range(BEGINNING_POLLS):
        beginning = False
        for folder in Path("/proc").glob("[0-9]*") if sys.platform == "linux" else ():
            with contextlib.suppress(OSError):  # gone meanwhile, or another user's
                environment = (folder / "environ").read_bytes()
                if int(folder.name) != leader and needle in environment.split(b"\0"):
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                    if command:  # a zombie has none
                        found[int(folder.name)] = command
                elif not environment:
                    beginning |= bool((folder / "exe").readlink())  # neither a zombie's nor the kernel's own can be read
        if not beginning:
            break
        time.sleep(DYING_POLL)
    return found


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float,
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run `arguments` in `folder` for at most `timeout` seconds; what it leaves running is ended.

    Raises OSError where the program cannot be started.
    """
    with Child(arguments, folder=folder, environment=environment, on_line=on_line) as child:
        in_time = child.wait(timeout)
        if not in_time:
            child.ask_for_stack()
        return child.result(timed_out=not in_time)
