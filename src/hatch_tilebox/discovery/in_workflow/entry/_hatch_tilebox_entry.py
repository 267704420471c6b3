"""Start the worker of a workflow as a release runner does, and report its tasks from inside the process.

    uv run python -m _hatch_tilebox_entry ANSWER SECONDS LEVEL MODULE:OBJECT DEPENDENCIES RECORD

This runs `python -m tilebox.workflows.runner MODULE:OBJECT` in the same process, with the same path order, order of imports and
server. A thread asks that server for its tasks over its socket, derives the input schemas from the runner, writes ANSWER (see
`probe.py`) and asks the worker to shut down. With LEVEL "import", the runner object is only imported. With a RECORD that is not
empty, the answer also has the files of this machine that the workflow opens (see `recording.py`).

A module of the workflow may shadow one of the standard library, and must then break this process exactly where it breaks the
worker. So this module uses only modules that the interpreter itself has loaded for `-m`, and built-in ones. The reporting code
imports its modules from outside the working folder.
"""

import _thread
import faulthandler
import gc
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
IMPORT = importlib.import_module
"""The function itself: while the worker starts, `importlib.import_module` is another one."""
POLL = 0.5
"""Seconds between two checks whether the runner's module is imported, for a worker that does not use `import_module`."""
PACKAGES: "list[str]" = []
"""Names under which the folder above was loaded as a package."""


class OutsideWorkingFolder:
    """A finder for one thread: top-level modules come from the initial `path` of the interpreter, without the working folder.

    The working folder is the first entry of that path. With `thorough`, loaded modules that shadow the standard library are removed
    meanwhile, and changes of the workflow to the path and to other finders have no effect.
    """

    def __init__(self, path: "list[str]", *, thorough: bool = False) -> None:
        self.root, *self._path = path
        self._thorough = thorough
        self._thread = _thread.get_ident()
        self._aside: dict[str, ModuleType] = {}

    def __enter__(self) -> None:
        sys.meta_path.insert(0, self)
        if self._thorough:
            self._aside = shadowing_modules(self.root)
            for name in self._aside:
                del sys.modules[name]

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        sys.modules.update(self._aside)

    def find_spec(self, name: str, path: "Any" = None, target: object = None) -> "importlib.machinery.ModuleSpec | None":  # noqa: ARG002 -- the protocol of finders
        """The module `name` outside the working folder, None for the usual finders."""
        if _thread.get_ident() != self._thread:
            return None
        if path is None:
            return importlib.machinery.PathFinder.find_spec(name, self._path)
        return importlib.machinery.PathFinder.find_spec(name, path) if self._thorough else None


def shadowing_modules(root: str) -> "dict[str, ModuleType]":
    """The loaded modules in `root` with a name of the standard library, and the standard library's packages that use one."""
    loaded = {name: module for name, module in [*sys.modules.items()] if name.partition(".")[0] in sys.stdlib_module_names}
    own = {name for name, module in loaded.items() if str(getattr(module, "__file__", "")).startswith(root + os.sep)}
    found: set[str] = set()
    more = {name.partition(".")[0] for name in own}
    while more - found:
        found |= more
        shadowing = {id(module) for name, module in loaded.items() if name.partition(".")[0] in found}
        more = {name.partition(".")[0] for name, module in loaded.items() if uses(module, shadowing)}
    return {name: module for name, module in loaded.items() if name.partition(".")[0] in found}


def uses(module: "ModuleType", others: "set[int]") -> bool:
    """Whether `module` has a file and refers to one of `others`, given by `id`."""
    return hasattr(module, "__file__") and any(id(value) in others for value in [*vars(module).values()])


def load(*names: str) -> "list[ModuleType]":
    """Load these modules of the folder above, as parts of a package with a new private name.

    Each call loads them again: modules of an earlier call may use modules of the workflow that shadow the standard library.
    """
    folder = os.path.dirname(HERE)
    package = f"_hatch_tilebox_{len(PACKAGES)}_{_thread.get_ident()}"
    PACKAGES.append(package)
    spec = importlib.util.spec_from_file_location(package, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    if spec is None or spec.loader is None:
        raise ImportError(package)
    sys.modules[package] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[package])
    return [IMPORT(f"{package}.{name}") for name in names]


FOUND: "set[str]" = set()
MISSING: "set[str]" = set()
LISTED: "dict[int, str]" = {}
"""The names from the last iteration, by `id`. A look-up with one of these objects copies the environment, and is not recorded."""


class RecordedEnvironment(type(os.environ)):  # type: ignore[misc]
    """`os.environ`, which records the names of the variables that were looked up: those `found`, and those `missing`."""

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
        """All variables; a copy does not count as a look-up of each."""
        return {self.decodekey(key): self.decodevalue(value) for key, value in self._data.items()}


class Start:
    """One start of the worker. `run` starts it; the first of its two threads that knows the outcome writes the answer."""

    def __init__(
        self, answer: str, seconds: str, runner_path: str, dependencies: str, recorded: "Callable[[], dict[str, Any]]"
    ) -> None:
        self.answer = answer
        self.recorded = recorded
        self.runner_path = runner_path
        self.dependencies = dependencies
        self.module = runner_path.partition(":")[0]
        self.path = [*sys.path]
        variables = ("TILEBOX_RUNTIME_DIR", "TILEBOX_RUNTIME_TOKEN", "TILEBOX_WORKER_ADDRESS")
        self.folder, self.token, self.address = (os.environ[name] for name in variables)
        self.deadline = time.monotonic() + float(seconds)
        self.began = False
        """Whether the worker started to import the runner's module."""
        self.error: BaseException | None = None
        """The exception of importing the runner's module."""
        self.imported = _thread.allocate_lock()
        self.imported.acquire()
        self.first = _thread.allocate_lock()
        self.answering = False
        self.served = False

    def run(self) -> None:
        """Run the worker until it ends, and return or raise as it does if its tasks are known."""
        self._watch_import()
        _thread.start_new_thread(self._ask, ())
        sys.argv[1:] = [self.runner_path]
        failure: BaseException | None = None
        try:
            runpy.run_module(WORKER, run_name="__main__", alter_sys=True)
        except BaseException as error:
            if self.served:
                gc.freeze()  # at its end, the process need not search all objects for garbage: that takes as long as some imports
                raise
            failure = error
        self._report_failure(failure)  # outside of the `except` block, so that other exceptions do not get a context

    def _watch_import(self) -> None:
        """Record how the worker's import of the runner's module ends: the SDK reduces an exception to one line of text."""
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
        self._report(self._list_tasks)

    def _list_tasks(self, outside: OutsideWorkingFolder) -> None:
        with outside:
            probe, worker_client = load("probe", "worker_client")
            address = self.address if self.address.startswith("unix:") else ""
            client = worker_client.Client(probe.Path(self.folder), address, self.token)
            listed = client.call("ListRegisteredTasks", {}, max(self.deadline - time.monotonic(), 0.0))
            if not (self.answering or self.first.acquire(blocking=False)):
                return
            self.answering = True
            self.served = "response" in listed
            self._write(probe, lambda: probe.served(self.runner_path, probe.Path(outside.root), listed))
            client.call("ShutdownWorker", {}, max(self.deadline - time.monotonic(), 1.0))

    def _report_failure(self, error: "BaseException | None") -> None:
        """The worker ended without being asked to: write the reason, and end the process."""
        if self.first.acquire(blocking=False):
            self._report(lambda outside: self._explain(outside, error))
        os._exit(0)

    def _explain(self, outside: OutsideWorkingFolder, error: "BaseException | None") -> None:
        with outside:
            (probe,) = load("probe")
            root = probe.Path(outside.root)
            self._write(probe, lambda: probe.start_failed(self.runner_path, root, error, self.error, began=self.began))

    def _report(self, report: "Callable[[OutsideWorkingFolder], None]") -> None:
        """Call `report`, which writes the answer. If it fails, call it again without loaded modules of the workflow."""
        try:
            report(OutsideWorkingFolder(self.path))
        except BaseException:  # noqa: BLE001 -- modules that the workflow changed may raise anything
            try:
                report(OutsideWorkingFolder(self.path, thorough=True))
            except BaseException as error:  # noqa: BLE001
                cannot_report(self.answer, error)

    def _write(self, probe: "Any", examine: "Any") -> None:
        probe.write_answer(self.answer, self.dependencies, self.recorded, examine)
        faulthandler.cancel_dump_traceback_later()


def cannot_report(answer: str, error: BaseException) -> "NoReturn":
    """Write an answer without using any module, and end the process."""
    try:
        with OPEN(f"{answer}.partial", "w", encoding="ascii") as file:
            file.write(f'{{"status": "unable", "type": "{ascii(type(error).__name__)[1:-1]}", "sdk": null}}')
        os.replace(f"{answer}.partial", answer)
    finally:
        os._exit(0)


def main(answer: str, seconds: str, level: str, runner_path: str, dependencies: str, record: str) -> None:
    """Start the worker (`level` "worker") or import its runner ("import"), and write the answer."""
    sys.path.remove(HERE)
    outside = OutsideWorkingFolder(sys.path)
    os.environ.pop("PYTHONPATH", None)
    os.environ.__class__ = RecordedEnvironment
    recorded: Callable[[], dict[str, Any]] = dict
    if record:
        with outside:
            (recording,) = load("recording")
            record_files = recording.Recording(outside.root)
        recorded = record_files.facts
        record_files.start()
    with OPEN(f"{answer}.stack", "w") as stack:
        faulthandler.dump_traceback_later(float(seconds), exit=True, file=stack)
        if level == "worker":
            Start(answer, seconds, runner_path, dependencies, recorded).run()
        with outside:
            (probe,) = load("probe")
        probe.write_answer(answer, dependencies, recorded, lambda: probe.imported(runner_path, probe.Path(outside.root)))
        os._exit(0)  # without waiting for threads of the workflow


if __name__ == "__main__":
    main(*sys.argv[1:])
