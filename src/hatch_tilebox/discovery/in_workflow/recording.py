"""Record which files of this machine the workflow opens while it starts, and where it connects to.

Python reports both to audit hooks (PEP 578); what compiled code opens by itself is not reported. The entry loads this module before
the workflow, so it uses only modules that the interpreter itself has loaded.
"""

import os
import pathlib
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Place = tuple[str, int]

LIMIT = 100
SYSTEM = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/Library", "/proc", "/sbin", "/sys", "/System", "/usr")
"""Folders of the operating system, which every machine has."""
OPENING = frozenset({"open", "os.listdir", "os.scandir"})
CONNECTING = frozenset({"socket.connect", "socket.getaddrinfo"})


class Recording:
    """The files outside the release that code of the project in `root` opens, and the addresses that it connects to."""

    def __init__(self, root: str) -> None:
        self.opened: dict[str, Place] = {}
        self.connected: dict[str, Place] = {}
        self.active = True
        self._roots = tuple({root + os.sep, os.path.realpath(root) + os.sep})
        folders = {*SYSTEM, os.environ.get("SYSTEMROOT", ""), sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
        folders |= {root, sys.pycache_prefix or "", os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}  # noqa: PTH100, PTH120
        self._expected = tuple(
            sorted({path + os.sep for folder in folders if folder for path in (folder, os.path.realpath(folder))})
        )
        self._began = time.time()

    def start(self) -> None:
        """Start recording. Audit hooks cannot be removed: `active` ends it."""
        sys.addaudithook(self._hook)

    def facts(self) -> "dict[str, Any]":
        """End recording, and return paths and addresses, each with the place in the project."""
        self.active = False
        opened = [[path, *place] for path, place in self.opened.items() if self._existed(path)]
        return {"opened": opened, "connected": [[address, *place] for address, place in self.connected.items()]}

    def _existed(self, path: str) -> bool:
        """Whether `path` has existed since before the start: files that the process creates do not count."""
        try:
            return os.stat(path).st_ctime < self._began  # noqa: PTH116 -- pathlib is not loaded yet
        except OSError:
            return False

    def _hook(self, event: str, arguments: "tuple[Any, ...]") -> None:
        if not self.active:
            return
        if event in OPENING:
            path = arguments[0]
            if isinstance(path, bytes):
                path = os.fsdecode(path)
            if isinstance(path, str) and pathlib.Path(path).is_absolute() and not f"{path}{os.sep}".startswith(self._expected):
                self._note(self.opened, os.path.normpath(path))
        elif event in CONNECTING:
            address = arguments[1] if event == "socket.connect" else arguments[:2]
            if isinstance(address, tuple) and len(address) > 1:
                host = os.fsdecode(address[0]) if isinstance(address[0], bytes) else address[0]
                self._note(self.connected, f"{host}:{address[1]}" if address[1] else f"{host}")

    def _note(self, found: "dict[str, Place]", text: str) -> None:
        """Note `text` with the innermost frame in the project, if there is one."""
        if text in found or len(found) >= LIMIT:
            return
        frame: Any = sys._getframe(2)  # noqa: SLF001 -- `inspect` and `traceback` are not loaded yet
        while frame is not None and not frame.f_code.co_filename.startswith(self._roots):
            frame = frame.f_back
        if frame is not None:
            root = next(root for root in self._roots if frame.f_code.co_filename.startswith(root))
            found[text] = (frame.f_code.co_filename[len(root) :].replace(os.sep, "/"), frame.f_lineno)
