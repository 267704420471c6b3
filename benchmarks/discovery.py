"""Measure how long it takes to list the tasks of a workflow: with the documented procedure, and in builds with hatch-tilebox.

    python benchmarks/discovery.py PROJECT [--rounds N]

PROJECT is a locked workflow project with a `runner`. Every round measures, one after the other:

documented      unpack the release into a new folder, `uv run python -m tilebox.workflows.runner`, dial, list the tasks, shut down
first build     a whole build with an empty cache of hatch-tilebox
edited          a whole build after a line was added to the module of the runner: its worker starts and lists its tasks
edited, import  the same with `runtime = "import"`: the runner object is only imported. The difference to "edited" is the cost of
                starting the worker. The order of the two alternates
unedited        a whole build without a change
import          a bare `import` of the runner's module in the prepared environment, with its bytecode: the lower bound

uv's own cache is warm. The output has medians in seconds, the range, and the ratio to the documented procedure.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tables import print_seconds

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.core.config import BuildOptions
from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.model import Project
from hatch_tilebox.discovery.cache import DIRECTORY_VARIABLE
from hatch_tilebox.discovery.clean_environment import workflow_environment
from hatch_tilebox.discovery.environment import python_of
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.pipeline.build import build_release
from hatch_tilebox.project.workflow_file import load_config

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = (("edited", "worker"), ("edited, import", "import"))
NAIVE_CLIENT = """
import sys, time, grpc
from google.protobuf.empty_pb2 import Empty
from tilebox.workflows.workflows.v1 import worker_pb2_grpc
stub = worker_pb2_grpc.WorkerServiceStub(grpc.insecure_channel(sys.argv[1]))
while True:
    try:
        print(len(stub.ListRegisteredTasks(Empty()).identifiers))
        break
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        time.sleep(0.1)
stub.ShutdownWorker(Empty())
"""


def documented(archive: Path, runner: str, client: Path, scratch: Path) -> Path:
    """Follow the documented procedure for checking a release."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    extract_archive(archive, folder / "release")
    address = f"unix:{folder / 'worker.sock'}"
    environment = workflow_environment(TILEBOX_WORKER_ADDRESS=address.replace("unix:", "unix://"))
    worker = subprocess.Popen(
        [require_uv(), "run", "--quiet", "python", "-m", "tilebox.workflows.runner", runner],
        cwd=folder / "release",
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    subprocess.run([client, "-c", NAIVE_CLIENT, address], env=workflow_environment(), check=True, capture_output=True)
    worker.wait()
    return folder


@contextmanager
def timed(times: dict[str, list[float]], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    times.setdefault(name, []).append(time.perf_counter() - began)


def one_round(times: dict[str, list[float]], project: Path, client: Path, archive: Path, scratch: Path, *, turn: bool) -> None:
    cache = Path(tempfile.mkdtemp(dir=scratch))
    os.environ[DIRECTORY_VARIABLE] = str(cache)
    out = Path(tempfile.mkdtemp(dir=scratch))

    def build(runtime: str = "worker") -> None:
        build_release(load_config(project / CONFIG_NAME), Project("benchmark", "1"), out, BuildOptions(runtime=runtime))

    def build_edited(name: str, runtime: str) -> None:
        source.write_text(source.read_text() + f"\n# {time.time()}\n")
        with timed(times, name):
            build(runtime)

    runner = load_config(project / CONFIG_NAME).workflow.runner or ""
    module = runner.partition(":")[0]
    source = project / f"{module.replace('.', '/')}.py"
    with timed(times, "documented"):
        folder = documented(archive, runner, client, scratch)
    with timed(times, "first build"):
        build()
    for name, runtime in LEVELS if turn else reversed(LEVELS):
        build_edited(name, runtime)
    build()  # the last edit may have been built with the other value of `runtime`
    with timed(times, "unedited"):
        build()
    entry = next((cache / "environments").glob("*/"))
    environment = workflow_environment(PYTHONPYCACHEPREFIX=str(entry / "bytecode"))
    with timed(times, "import"):
        subprocess.run([python_of(entry / "env"), "-c", f"import {module}"], cwd=entry / "project", env=environment, check=True)
    for used in (cache, out, folder):
        shutil.rmtree(used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        project = Path(shutil.copytree(arguments.project, scratch / "project", ignore=shutil.ignore_patterns(".venv")))
        os.environ[DIRECTORY_VARIABLE] = str(scratch / "prepared")
        archive = build_release(
            load_config(project / CONFIG_NAME), Project("benchmark", "0"), scratch, BuildOptions()
        ).artifact.path
        entry = next((scratch / "prepared" / "environments").glob("*/"))
        client = python_of(entry / "env")
        for done in range(arguments.rounds):
            print(f"round {done + 1} of {arguments.rounds}", file=sys.stderr)
            one_round(times, project, client, archive, scratch, turn=done % 2 == 0)
    base = statistics.median(times["documented"])
    print_seconds(times, {name: statistics.median(values) / base for name, values in times.items()})


if __name__ == "__main__":
    main()
