"""A process that gets a signal ends by this signal, even if the exception is caught."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

BEGINNING = """
import os, signal, sys, time
from pathlib import Path
from hatch_tilebox.core import signals
from hatch_tilebox.core.signals import certainly, cleans_up_when_terminated
from hatch_tilebox.core.temporary import temporary_folder
def told(number=signal.SIGTERM):
    os.kill(os.getpid(), number)
"""


def end(code, tmp_path):
    command, env = [sys.executable, "-c", BEGINNING + code], {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=env, check=False, timeout=60)
    assert list(tmp_path.iterdir()) == []
    return done.returncode


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_it_unwinds_and_dies_by_the_signal(tmp_path, name):
    code = f"with cleans_up_when_terminated(), temporary_folder() as folder:\n    (folder / 'x').touch()\n    told(signal.{name})"
    assert end(code, tmp_path) == -getattr(signal, name)


@pytest.mark.parametrize(
    "body",
    [
        "try: told()\n    except BaseException: pass",
        "try: told()\n    except BaseException: raise SystemExit(0)",
        "try: told()\n    except BaseException as error: raise ValueError from error",
        "with cleans_up_when_terminated(), temporary_folder(): told()",
    ],
    ids=["swallowed", "ends", "replaced", "nested"],
)
def test_it_dies_by_the_signal_where_code_of_others_makes_something_else_of_it(tmp_path, body):
    assert end(f"with cleans_up_when_terminated(), temporary_folder():\n    {body}", tmp_path) == -signal.SIGTERM


def test_a_second_signal_does_not_interrupt_the_clean_up(tmp_path):
    code = "with cleans_up_when_terminated(), temporary_folder():\n    try: told()\n    finally: told(); told(signal.SIGHUP)"
    assert end(code, tmp_path) == -signal.SIGTERM


def test_a_signal_in_the_clean_up_does_not_interrupt_it(tmp_path):
    """The first one comes while the folder is removed."""
    code = (
        "import shutil\nremove = shutil.rmtree\ncalls = []\n"
        "def rmtree(*arguments, **options):\n"
        "    calls.append(1) or (len(calls) == 1 and told())\n    remove(*arguments, **options)\n"
        "with cleans_up_when_terminated():\n    with temporary_folder() as folder:\n        shutil.rmtree = rmtree\n"
        "        (folder / 'x').touch()"
    )
    assert end(code, tmp_path) == -signal.SIGTERM


def test_it_ends_at_last_where_the_exception_is_lost(tmp_path):
    """Python passes over exceptions in finalizers, and signals are not heard any more by then."""
    code = (
        "signals.UNWINDING = 0.2\n"
        "class Lost:\n    def __del__(self): told()\n"
        "with cleans_up_when_terminated():\n    Lost()\n    time.sleep(30)"
    )
    began = time.monotonic()
    assert end(code, tmp_path) == 128 + signal.SIGTERM
    assert time.monotonic() - began < 20


def test_what_the_program_handles_or_ignores_is_left_alone(tmp_path):
    code = (
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nheard = []\nsignal.signal(signal.SIGTERM, lambda *a: heard.append(1))\n"
        "with cleans_up_when_terminated():\n    told(); told(signal.SIGHUP)\nsys.exit(40 + len(heard))"
    )
    assert end(code, tmp_path) == 41
