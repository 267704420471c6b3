"""Ending as asked: a process that is told to end takes along what it started and removes what it made."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["Terminated", "certainly", "cleans_up_when_terminated"]

PARENT_POLL = 0.5
"""Seconds between two looks at whether the parent process is still there."""
UNWINDING = 15.0
"""Seconds after which a process that was told to end ends without more ado: something swallowed the exception, or hangs."""


class Terminated(BaseException):
    """The process was told to end by the signal `signum`. Not an Exception, so that nothing handles it as a failure."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def certainly(clean_up: Callable[[], object]) -> None:
    """Call `clean_up`, and once more where a signal interrupts it: a second signal is not heard."""
    try:
        clean_up()
    except BaseException:
        clean_up()
        raise


@contextmanager
def cleans_up_when_terminated(*, with_parent: bool = False) -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the block, which ends child processes and removes temporary files; then the signal takes effect.

    Where the exception is lost, as in a finalizer or in code of others that catches everything, or the unwinding hangs, the process
    ends all the same after some seconds. What it started is ended by then (see `discovery/process.py`), and what it made is removed
    by the next run (see `temporary.py`).

    With `with_parent`, the end of the parent process counts as SIGTERM: a build backend has no use once its frontend is gone.
    A signal that the program handles or ignores by itself is left as it is, and outside the main thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    handled = [number for name in names if signal.getsignal(number := getattr(signal, name)) is signal.SIG_DFL]

    def unwind(signum: int, _: FrameType | None) -> None:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)  # one is enough: nothing may interrupt the unwinding
        received.append(signum)
        told.put(signum)
        raise Terminated(signum)

    received: list[int] = []
    over = threading.Event()
    told: SimpleQueue[int | None] = SimpleQueue()  # the one way to wake a thread from a signal handler
    if handled:
        threading.Thread(target=_end_at_last, args=(told, over), daemon=True).start()
    for number in handled:
        signal.signal(number, unwind)
    if with_parent and signal.SIGTERM in handled:
        threading.Thread(target=_watch_parent, args=(over,), daemon=True).start()
    try:
        yield
    except Terminated as terminated:
        traceback.clear_frames(terminated.__traceback__)  # lets go of what an interrupted frame still held
        raise
    finally:
        over.set()
        told.put(None)
        for number in handled:
            signal.signal(number, signal.SIG_DFL)
        for number in received:  # also where something made another exception of it, or none
            os.kill(os.getpid(), number)


def _end_at_last(told: SimpleQueue[int | None], over: threading.Event) -> None:
    signum = told.get()
    if signum is not None and not over.wait(UNWINDING):
        os._exit(128 + signum)


def _watch_parent(over: threading.Event) -> None:
    """PR_SET_PDEATHSIG would not do: it fires when the thread ends that started us, and frontends start builds from threads."""
    parent = os.getppid()
    while not over.wait(PARENT_POLL):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
