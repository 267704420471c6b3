"""Runs a function in many processes at the same time."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

PROCESSES = 20
SECONDS = 300
"""How long the processes may take to start: on a busy machine, a minute is not enough for 20 of them."""


def at_once(function, *arguments):
    """Return the results of `function`, which each process calls when all of them have started."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, context, initializer=gate.wait, initargs=(SECONDS,)) as pool:
        return [call.result() for call in [pool.submit(function, *arguments) for _ in range(PROCESSES)]]
