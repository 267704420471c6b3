"""Starts the worker of a workflow as a release runner does, and reports its tasks from inside the process.

    uv run python -m _hatch_tilebox_entry ANSWER SECONDS LEVEL MODULE:OBJECT DEPENDENCIES

`python -m tilebox.workflows.runner MODULE:OBJECT` is what runs here: the same path order, the same order of imports, the same
server. A thread asks that server for its tasks over its socket, reads the input schemas off the runner, writes ANSWER (see
`probe.py`) and asks the worker to shut down. With LEVEL "import" the runner object is imported, and nothing is served.

A module of the workflow may hide one of the standard library, and must then break this process exactly where it breaks the
worker. So this module uses only what the interpreter has loaded for `-m` itself, or what is built in; what reports imports its
own modules past the working folder.
"""

import _thread
import faulthandler
import importlib
import importlib.machinery
import importlib.util
import os
import runpy
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any, NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
WORKER = "tilebox.workflows.runner"
OPEN = open
ROOT: "list[str]" = []
"""The working folder, where the path began before the workflow could change it."""
POLL = 0.5
"""Seconds between two looks at whether the runner's module is there, for a worker that imports it in a way unknown to us."""


class PastWorkingFolder:
    """A finder for one thread: top-level modules come from the `path` that the interpreter began with, without its first entry.

    That is the working folder. With `thorough`, modules there that are loaded by now in place of the standard library's are set
    aside meanwhile, and it does not matter what the workflow has made of the path and of the other finders.
    """

    def __init__(self, path: "list[str]", *, thorough: bool = False) -> None:
        self._root, *self._path = path
        self._thorough = thorough
        self._thread = _thread.get_ident()
        self._aside: dict[str, ModuleType] = {}

    def __enter__(self) -> None:
        sys.meta_path.insert(0, self)
        if self._thorough:
            self._aside = hiding_modules(self._root)
            for name in self._aside:
                del sys.modules[name]

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        sys.modules.update(self._aside)

    def find_spec(self, name: str, path: "Any" = None, target: object = None) -> "importlib.machinery.ModuleSpec | None":  # noqa: ARG002 -- the protocol of finders
        """The module `name` outside the working folder; None leaves it to the usual finders."""
        if _thread.get_ident() != self._thread:
            return None
        if path is None:
            return importlib.machinery.PathFinder.find_spec(name, self._path)
        return importlib.machinery.PathFinder.find_spec(name, path) if self._thorough else None


def hiding_modules(root: str) -> "dict[str, ModuleType]":
    """The loaded modules in the folder `root` with a name of the standard library's, and all packages of it that use one."""
    loaded = {name: module for name, module in [*sys.modules.items()] if name.partition(".")[0] in sys.stdlib_module_names}
    own = {name for name, module in loaded.items() if str(getattr(module, "__file__", "")).startswith(root + os.sep)}
    found: set[str] = set()
    more = {name.partition(".")[0] for name in own}
    while more - found:
        found |= more
        hiding = {id(module) for name, module in loaded.items() if name.partition(".")[0] in found}
        more = {name.partition(".")[0] for name, module in loaded.items() if uses(module, hiding)}
    return {name: module for name, module in loaded.items() if name.partition(".")[0] in found}


def uses(module: "ModuleType", others: "set[int]") -> bool:
    """Whether `module`, which is not a part of the interpreter itself, holds one of `others`, given by identity."""
    return hasattr(module, "__file__") and any(id(value) in others for value in [*vars(module).values()])


def load(name: str) -> "ModuleType":
    """The module of ours in the file `name`, which lies in the folder above."""
    path = os.path.join(os.path.dirname(HERE), f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_hatch_tilebox_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.__dict__["ROOT"] = ROOT[0] if ROOT else os.getcwd()
    return module


FOUND: "set[str]" = set()
MISSING: "set[str]" = set()
LISTED: "dict[int, str]" = {}
"""The names that the last iteration gave, by identity. Asking with these very objects takes all along, and asks for none."""


class RecordedEnvironment(type(os.environ)):  # type: ignore[misc]
    """`os.environ` as it is, that notes which variables are asked for: those `found`, and those `missing`."""

    found = FOUND
    missing = MISSING

    def __getitem__(self, key: str) -> str:
        try:
            value: str = super().__getitem__(key)
        except KeyError:
            MISSING.add(key)
            raise
        if LISTED.get(id(key)) is not key:
            FOUND.add(key)
        return value

    def __iter__(self) -> "Iterator[str]":
        LISTED.clear()
        for key in super().__iter__():
            LISTED[id(key)] = key
            yield key

    def copy(self) -> "dict[str, str]":
        """All variables; taking them along is not asking for each."""
        return {self.decodekey(key): self.decodevalue(value) for key, value in self._data.items()}


class Start:
    """One start of the worker. `run` starts it; whichever of its two threads knows the outcome first writes the answer."""

    def __init__(self, answer: str, seconds: str, runner_path: str, dependencies: str) -> None:
        self.answer = answer
        self.runner_path = runner_path
        self.dependencies = dependencies
        self.module = runner_path.partition(":")[0]
        self.path = [*sys.path]
        variables = ("TILEBOX_RUNTIME_DIR", "TILEBOX_RUNTIME_TOKEN", "TILEBOX_WORKER_ADDRESS")
        self.folder, self.token, self.address = (os.environ[name] for name in variables)
        self.deadline = time.monotonic() + float(seconds)
        self.began = False
        """Whether the worker got as far as importing the runner's module."""
        self.error: BaseException | None = None
        """What importing the runner's module raised."""
        self.imported = _thread.allocate_lock()
        self.imported.acquire()
        self.first = _thread.allocate_lock()
        self.answering = False
        self.served = False

    def run(self) -> None:
        """Start the worker, and return or raise as it does once its tasks are known."""
        self._watch_import()
        _thread.start_new_thread(self._ask, ())
        sys.argv[1:] = [self.runner_path]
        failure: BaseException | None = None
        try:
            runpy.run_module(WORKER, run_name="__main__", alter_sys=True)
        except BaseException as error:
            if self.served:
                raise
            failure = error
        self._report_failure(failure)  # here, where no exception is being handled that would become the context of others

    def _watch_import(self) -> None:
        """Note how the worker's import of the runner's module ends: the SDK turns an error into one line of text."""
        real = importlib.import_module

        def import_module(name: str, package: "str | None" = None) -> "ModuleType":
            if name != self.module:
                return real(name, package)
            importlib.import_module = real
            self.began = True
            try:
                module = real(name, package)
            except BaseException as error:
                self.error = error
                raise
            self.imported.release()
            return module

        importlib.import_module = import_module

    def _ask(self) -> None:
        """Ask the worker for its tasks and to shut down, once it has imported the runner's module."""
        while not self.imported.acquire(timeout=POLL):
            spec = getattr(sys.modules.get(self.module), "__spec__", None)
            if spec is not None and not getattr(spec, "_initializing", False):
                break
        self._report(self._converse)

    def _converse(self, outside: PastWorkingFolder) -> None:
        with outside:
            probe, client_module = load("probe"), load("worker_client")
            address = self.address if self.address.startswith("unix:") else ""
            client = client_module.Client(probe.Path(self.folder), address, self.token)
            listed = client.call("ListRegisteredTasks", {}, max(self.deadline - time.monotonic(), 0.0))
            if not (self.answering or self.first.acquire(blocking=False)):
                return
            self.answering = True
            self.served = "response" in listed
            self._write(probe, lambda: probe.served(self.runner_path, probe.load_sibling("schemas"), listed))
            client.call("ShutdownWorker", {}, max(self.deadline - time.monotonic(), 1.0))

    def _report_failure(self, error: "BaseException | None") -> None:
        """The worker ended without being asked to: write why, and end the process."""
        if self.first.acquire(blocking=False):
            self._report(lambda outside: self._explain(outside, error))
        os._exit(0)

    def _explain(self, outside: PastWorkingFolder, error: "BaseException | None") -> None:
        with outside:
            probe = load("probe")
            self._write(probe, lambda: probe.start_failed(self.runner_path, error, self.error, began=self.began))

    def _report(self, report: "Callable[[PastWorkingFolder], None]") -> None:
        """Let `report` write the answer. Where modules of the workflow are in its way, it does so past them."""
        try:
            report(PastWorkingFolder(self.path))
        except BaseException:  # noqa: BLE001 -- whatever comes of modules that the workflow changed
            try:
                report(PastWorkingFolder(self.path, thorough=True))
            except BaseException as error:  # noqa: BLE001
                cannot_report(self.answer, error)

    def _write(self, probe: "Any", examine: "Any") -> None:
        probe.answer_with(self.answer, self.dependencies, examine)
        faulthandler.cancel_dump_traceback_later()


def cannot_report(answer: str, error: BaseException) -> "NoReturn":
    """Write an answer without the help of any module, and end the process."""
    try:
        with OPEN(f"{answer}.partial", "w", encoding="ascii") as file:
            file.write(f'{{"status": "unable", "type": "{ascii(type(error).__name__)[1:-1]}", "sdk": null}}')
        os.replace(f"{answer}.partial", answer)
    finally:
        os._exit(0)


def main(answer: str, seconds: str, level: str, runner_path: str, dependencies: str) -> None:
    """Start the worker (`level` "worker") or import its runner ("import"), and write the answer."""
    sys.path.remove(HERE)
    ROOT.append(sys.path[0])
    os.environ.pop("PYTHONPATH", None)
    os.environ.__class__ = RecordedEnvironment
    with OPEN(f"{answer}.stack", "w") as stack:
        faulthandler.dump_traceback_later(float(seconds), exit=True, file=stack)
        if level == "worker":
            Start(answer, seconds, runner_path, dependencies).run()
        with PastWorkingFolder(sys.path):
            probe = load("probe")
            schemas = probe.load_sibling("schemas")
        probe.answer_with(answer, dependencies, lambda: probe.imported(runner_path, schemas))
        os._exit(0)  # without waiting for threads of the workflow


if __name__ == "__main__":
    main(*sys.argv[1:])
