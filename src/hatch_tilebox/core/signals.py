"""Clean-up at the end of a process: on SIGTERM and SIGHUP, child processes are ended and temporary files removed."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

PARENT_POLL = 0.5
"""Seconds between two checks whether the parent process still runs."""
UNWINDING = 15.0
"""Seconds after which a signalled process exits anyway, because code swallowed the exception or hangs."""


class Terminated(BaseException):
    """The process received the signal `signum`. Not an Exception, so that no code handles it as a failure."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def certainly(clean_up: Callable[[], object]) -> None:
    """Call `clean_up`, and again if a signal interrupts it: further signals are ignored by then."""
    try:
        clean_up()
    except BaseException:
        clean_up()
        raise


@contextmanager
def cleans_up_when_terminated(*, with_parent: bool = False) -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the block, which ends child processes and removes temporary files, before they take effect.

    If the exception is lost, as in a finalizer or in code that catches everything, or the unwinding hangs, the process exits after
    some seconds anyway. Its child processes have ended by then (see `discovery/process.py`), and the next run removes its files
    (see `temporary.py`).

    With `with_parent`, the end of the parent process counts as SIGTERM: a build backend has no use without its frontend. Signals
    that the program handles or ignores itself stay as they are. In other threads than the main thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    handled = [number for name in names if signal.getsignal(number := getattr(signal, name)) is signal.SIG_DFL]

    def unwind(signum: int, _: FrameType | None) -> None:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)  # nothing may interrupt the unwinding
        received.append(signum)
        wake_ups.put(signum)
        raise Terminated(signum)

    received: list[int] = []
    over = threading.Event()
    wake_ups: SimpleQueue[int | None] = SimpleQueue()  # the one way to wake a thread from a signal handler
    if handled:
        poll = PARENT_POLL if with_parent and signal.SIGTERM in handled else None
        threading.Thread(target=_watch, args=(wake_ups, over, poll), daemon=True).start()
    for number in handled:
        signal.signal(number, unwind)
    try:
        yield
    except Terminated as terminated:
        traceback.clear_frames(terminated.__traceback__)  # releases the objects of interrupted frames
        raise
    finally:
        over.set()
        wake_ups.put(None)
        for number in handled:
            signal.signal(number, signal.SIG_DFL)
        for number in received:  # even if the exception was replaced or lost
            os.kill(os.getpid(), number)


def _watch(wake_ups: SimpleQueue[int | None], over: threading.Event, poll: float | None) -> None:
    """End the process some seconds after a signal. With `poll`, the seconds between two checks, send SIGTERM when its parent ends.

    PR_SET_PDEATHSIG would not do: it reacts to the end of a thread.
    """
    parent = os.getppid()
    while True:
        with suppress(Empty):
            signum = wake_ups.get(timeout=poll)
            if signum is not None and not over.wait(UNWINDING):
                os._exit(128 + signum)
            return
        if os.getppid() != parent:
            poll = None
            os.kill(os.getpid(), signal.SIGTERM)
