"""Child processes with bounded output and a time limit, which leave no processes running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from hatch_tilebox.core.constants import ACTIVE_VARIABLE
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.discovery.surviving import POLL, WINDOWS, Watchdog, surviving_processes

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence

KEPT_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
LAST_LINES = 20
"""Lines of output that the message about a failure has."""
LONGEST_MESSAGE = 1 << 30
"""Limit in bytes for a line of a protocol, such as the inputs of all subtasks that a task submits. Other lines may be cut."""
GRACE = 1.0
"""Seconds that a process gets to end, or its pipes to close, after it was killed."""


class OutputTail:
    """The last `KEPT_BYTES` of a stream. A thread reads it, so that the writer never blocks.

    `on_line` gets each line, from that thread. A line with more than `longest` bytes loses its beginning.
    """

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

    def text(self, timeout: float) -> str:
        """The kept text. Waits up to `timeout` seconds for the end of the stream."""
        self._thread.join(timeout)
        data = b"".join(self._chunks)[-KEPT_BYTES:]
        if self._dropped:
            data = data.partition(b"\n")[2] or data
        return printable(data.decode(errors="replace"), lines=True)


def tail(text: str) -> str | None:
    """Return the last lines of `text`, None if it is empty."""
    return "\n".join(text.strip().splitlines()[-LAST_LINES:]) or None


class Finished(NamedTuple):
    """How a child ended. `output` and `errors` are the end of its stdout and stderr.

    `left_behind` are the command lines of processes that it started and did not end. They are killed by now.
    """

    returncode: int
    output: str
    errors: str
    timed_out: bool = False
    left_behind: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it ended with an error, or was stopped."""
        return self.returncode != 0 or self.timed_out

    @property
    def last_words(self) -> str | None:
        """The last lines of stderr, or of stdout if that has none; None if both are empty."""
        return tail(self.errors) or tail(self.output)


class Child:
    """A process in a group of its own. Use it as a context manager, which kills all processes of the group at its end."""

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
        listener: socket.socket | None = None,
    ) -> None:
        """Start `arguments` in `folder`. Raises OSError if the program cannot be started.

        `on_line` gets each line of stderr, `on_output` of stdout, and `on_end` is called when the process has ended, all from
        threads. `stdin` keeps a pipe to the child open, otherwise its input is empty. A line of stdout with more than
        `longest_line` bytes loses its beginning. The child inherits the `listener`, except on Windows.
        """
        self._mark = uuid4().hex
        options: dict[str, Any] = {}
        if WINDOWS:
            options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        else:
            options["start_new_session"] = True
            options["pass_fds"] = () if listener is None else (listener.fileno(),)
        self._watchdog = Watchdog(self._mark)
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
        except BaseException:  # a signal may arrive after the child was started
            certainly(self._abandon)
            raise
        self._watchdog.group(self.process.pid)
        self._output = OutputTail(_pipe(self.process.stdout), on_output, longest_line)
        self._errors = OutputTail(_pipe(self.process.stderr), on_line)
        self._left_behind: tuple[str, ...] = ()
        self._over = False
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
        """Make Python processes with PYTHONFAULTHANDLER write their stack to stderr and end. Does nothing on Windows."""
        if not WINDOWS and not self._ended.is_set():
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGABRT)
            self.wait(GRACE)

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._ended.is_set()

    def send(self, line: bytes) -> None:
        """Write `line` to the child's stdin. Raises OSError if it has ended."""
        if self.process.stdin is not None:
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()

    def end(self) -> None:
        """Kill the process, if it is still running, and all processes that it started."""
        if self._over:
            return
        ended = self._ended.is_set()
        if ended:
            self._left_behind = self._left_behind or tuple(surviving_processes(self._mark, self.process.pid).values())
        self._kill_group()
        if not ended or self._left_behind:  # a search reads the environment of all processes
            self._kill_survivors()
            self.wait(GRACE)
        self._watchdog.dismiss()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self._over = True

    def _abandon(self) -> None:
        """Kill the process that may have been started."""
        for survivor in surviving_processes(self._mark, 0):
            with contextlib.suppress(OSError):
                os.kill(survivor, signal.SIGKILL)
        self._watchdog.dismiss()

    def result(self, *, timed_out: bool = False) -> Finished:
        """End the process and all that it started, and return how it ended."""
        self.end()
        return Finished(
            returncode=self.process.returncode if self.process.returncode is not None else -1,
            output=self._output.text(GRACE),
            errors=self._errors.text(GRACE),
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

    def _kill_survivors(self) -> None:
        """Kill the processes of other groups."""
        deadline = time.monotonic() + GRACE
        while (survivors := surviving_processes(self._mark, self.process.pid)) and time.monotonic() < deadline:
            for survivor in survivors:  # it has a session of its own, or is about to end
                with contextlib.suppress(OSError):
                    os.kill(survivor, signal.SIGKILL)
            time.sleep(POLL)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:  # pragma: no cover -- Popen creates it
        msg = "no pipe"
        raise RuntimeError(msg)
    return stream


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float,
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run `arguments` in `folder` for at most `timeout` seconds, and kill all processes that it leaves running.

    Raises OSError if the program cannot be started.
    """
    with Child(arguments, folder=folder, environment=environment, on_line=on_line) as child:
        in_time = child.wait(timeout)
        if not in_time:
            child.ask_for_stack()
        return child.result(timed_out=not in_time)
