"""A command that is terminated or killed at any point leaves no process and no file behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from programs import CLI

pytestmark = [pytest.mark.runtime, pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")]

POINTS = 20
"""For each of five commands: a hundred in all."""
PATIENCE = 5.0


@pytest.fixture(scope="module")
def built(tmp_path_factory, locked_project, clean_env):
    """A folder with a project, its release, a store that has it, and the environment that commands run in."""
    place = tmp_path_factory.mktemp("signals")
    shutil.copytree(locked_project("scene_qa"), place / "project")
    (place / "tmp").mkdir()
    env = {**clean_env, "TMPDIR": str(place / "tmp"), "HATCH_TILEBOX_CACHE_DIR": str(place / "cache")}
    subprocess.run([*CLI, "build", "-q", "project"], cwd=place, env=env, check=True, capture_output=True)
    release = next((place / "project/dist").glob("*.tbrelease"))
    subprocess.run([*CLI, "publish", "-q", str(release), "--to", "./store"], cwd=place, env=env, check=True, capture_output=True)
    return place, env, release


COMMANDS = {
    "build": lambda _: ("build", "project", "--no-cache"),
    "verify": lambda release: ("verify", str(release)),
    "run": lambda release: ("run", str(release), "--task", "Ping"),
    "publish": lambda release: ("publish", str(release), "--to", "./other-store"),
    "fetch": lambda _: ("fetch", "./store", "--to", "fetched"),
}
OUTPUTS = {"build": "project/dist", "publish": "other-store", "fetch": "fetched"}


def start(place, env, arguments):
    return subprocess.Popen([*CLI, *arguments], cwd=place, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def processes_of(place):
    """Ids of living processes that have the folder for temporary files in their environment, or in their command."""
    needle, found = os.fsencode(place / "tmp"), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile
            if needle in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def temporary(place):
    """Names in the folder for temporary files, but for the lock files that uv keeps there."""
    return sorted(path.name for path in (place / "tmp").iterdir() if not path.name.startswith("uv-"))


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def partial_files(place, command):
    """What a write that was cut off would leave: our temporary names beside the final ones."""
    folder = place / OUTPUTS[command] if command in OUTPUTS else None
    if folder is None or not folder.exists():
        return []
    hidden = [path for path in folder.rglob(".*") if path.name not in {".gitignore", ".lock"}]
    return [*hidden, *folder.glob("incoming/*")]


@pytest.mark.parametrize("command", COMMANDS)
def test_told_to_end_at_random_points(built, command):
    place, env, release = built
    arguments = COMMANDS[command](release)
    began = time.perf_counter()
    assert start(place, env, arguments).wait() == 0
    duration = time.perf_counter() - began
    seed = random.randrange(2**32)
    print(f"seed {seed}, {duration:.2f} s")
    points = random.Random(seed)
    ended = 0
    for number in range(POINTS):
        for name in ("other-store", "fetched"):
            shutil.rmtree(place / name, ignore_errors=True)
        signum = signal.SIGHUP if number % 4 == 3 else signal.SIGTERM
        began = time.perf_counter()
        process = start(place, env, arguments)
        time.sleep(points.uniform(0, duration))
        process.send_signal(signum)
        code = process.wait(30)
        if code == 0:  # the machine is faster than at first
            duration = min(duration, time.perf_counter() - began)
        assert code in {0, -signum}, f"point {number}: exit code {code}"
        ended += code != 0
        assert wait_until(lambda: not processes_of(place)), f"point {number}: processes are left"
        assert not temporary(place), f"point {number}: temporary folders are left"
        assert not partial_files(place, command), f"point {number}: partial files are left"
    assert ended > POINTS // 4


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_killed_while_it_runs(built, share):
    """After SIGKILL, the processes end by themselves, and the next command removes the folders."""
    place, env, release = built
    arguments = COMMANDS["run"](release)
    began = time.perf_counter()
    assert start(place, env, arguments).wait() == 0
    duration = time.perf_counter() - began
    process = start(place, env, arguments)
    assert wait_until(lambda: temporary(place))
    time.sleep(share * duration / 2)
    process.kill()
    process.wait()
    assert wait_until(lambda: not processes_of(place)), "processes are left"
    subprocess.run([*CLI, "verify", "-q", str(release)], cwd=place, env=env, check=True, capture_output=True)
    assert not temporary(place)


def test_folders_in_use_or_of_others_are_left_alone(built):
    place, env, release = built
    (place / "tmp" / "hatch-tilebox-demo").mkdir()
    (place / "tmp" / "hatch-tilebox-abcdefgh").mkdir()  # as if it was being made
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / ".hatch-tilebox-owner").touch()
    (place / "tmp" / "hatch-tilebox-linkedxx").symlink_to(place / "elsewhere")
    process = start(place, env, COMMANDS["run"](release))
    assert wait_until(lambda: len(temporary(place)) > 3)
    subprocess.run([*CLI, "verify", "-q", str(release)], cwd=place, env=env, check=True, capture_output=True)
    assert process.wait() == 0
    assert temporary(place) == [
        "hatch-tilebox-abcdefgh",
        "hatch-tilebox-demo",
        "hatch-tilebox-linkedxx",
    ]
    assert (place / "elsewhere").exists()
    shutil.rmtree(place / "tmp" / "hatch-tilebox-demo")
    (place / "tmp" / "hatch-tilebox-abcdefgh").rmdir()
    (place / "tmp" / "hatch-tilebox-linkedxx").unlink()


@pytest.mark.frontends
def test_a_build_in_a_frontend_that_is_gone_ends(built, frontend_env, tmp_path):
    """`kill` of `uv build` does not reach the backend; it notices that its parent is gone."""
    place, env, _ = built
    env = {**env, "UV_FIND_LINKS": frontend_env["UV_FIND_LINKS"], "HATCH_TILEBOX_CACHE": "0"}
    process = subprocess.Popen(
        ["uv", "build", "--wheel", "project", "--out-dir", str(tmp_path / "out")],
        cwd=place,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: temporary(place)), "the hook has not started"
    process.kill()
    process.wait()
    assert wait_until(lambda: not processes_of(place)), "processes are left"
    assert not temporary(place)
    assert not list(tmp_path.rglob("*.tbrelease"))
