"""Facts about an exception that the workflow raised, as JSON values."""

from __future__ import annotations

import itertools
import os
import sys
import traceback
import types
from pathlib import Path
from typing import Any

from .distributions import distribution_of, relative_to, requirement_chain

MAX_FRAMES = 20
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 -- spelled like the file names of frames


def describe_error(error: BaseException, root: Path) -> dict[str, Any]:
    """Type, message, traceback and origin of `error`, for a workflow in the folder `root`."""
    name = getattr(error, "name", None)
    file = getattr(error, "filename", None) if isinstance(error, FileNotFoundError) else None
    trace = traceback.TracebackException.from_exception(error)
    places = [[path, frame.lineno] for frame in trace.stack if (path := relative_to(frame.filename, root))]
    if isinstance(error, SyntaxError) and error.filename and (path := relative_to(error.filename, root)):
        places.append([path, error.lineno or 0])
    raised_by_sdk = bool(trace.stack) and "tilebox" in Path(trace.stack[-1].filename).parts[-4:]
    frames = [frame.filename for frame in trace.stack if not frame.filename.startswith("<")]
    raised_in = distribution_of(frames[-1]) if frames and not relative_to(frames[-1], root) else None
    inside = itertools.takewhile(lambda file: raised_in and not relative_to(file, root), reversed(frames))
    callers = (other for file in inside if (other := distribution_of(file)) and other != raised_in)
    return {
        "type": type(error).__name__,
        "message": str(error),
        "module": name if isinstance(error, ImportError) else None,
        "attribute": missing_name(error),
        "not_found": isinstance(error, ModuleNotFoundError),
        "file": str(Path.cwd() / os.fsdecode(file)) if isinstance(file, (str, bytes)) else None,
        "traceback": "".join(shorten(trace, root, set()).format()),
        "place": places[-1] if places else None,
        "raised_by_sdk": raised_by_sdk,
        "raised_in": raised_in,
        "called_by": next(callers, None),
        "imported_from": imported_from(error, raised_in[0]) if raised_in else None,
    }


def missing_in(error: BaseException) -> tuple[str | None, str | None]:
    """The module in which `error` misses a name, and that name."""
    if isinstance(error, AttributeError):
        owner = getattr(error, "obj", None)
        return (getattr(owner, "__name__", None), error.name) if isinstance(owner, types.ModuleType) else (None, None)
    return getattr(error, "name", None), missing_name(error)


def missing_name(error: BaseException) -> str | None:
    """The name that an `ImportError` did not find in a module."""
    if not isinstance(error, ImportError) or isinstance(error, ModuleNotFoundError):
        return None
    found: str | None = getattr(error, "name_from", None)  # since Python 3.12
    head, words, tail = str(error.msg or "").partition("cannot import name ")
    return tail.split("'")[1] if found is None and words and not head else found


def imported_from(error: BaseException, raised_in: str) -> dict[str, str] | None:
    """The requirement of the distribution `raised_in` for the module in which `error` misses a name."""
    module, attribute = missing_in(error)
    origin = getattr(sys.modules.get(module or ""), "__file__", None)
    target = distribution_of(origin) if origin else None
    if target is None or target[0] == raised_in:
        return None
    found = requirement_chain(raised_in, target[0]) or {"name": target[0], "version": target[1], "required": target[0]}
    return {**found, "module": module or "", "attribute": attribute or ""}


def shorten(trace: Any, root: Path, seen: set[int]) -> Any:
    """`trace` and its causes, reduced to frames in the project and in installed packages, with relative file names."""
    if trace is None or id(trace) in seen:
        return trace
    seen.add(id(trace))
    shown = [frame for frame in trace.stack if shown_name(frame.filename, root)]
    trace.stack = traceback.StackSummary.from_list(
        [
            traceback.FrameSummary(
                shown_name(frame.filename, root) or "", frame.lineno, frame.name, lookup_line=False, line=frame.line
            )
            for frame in shown[-MAX_FRAMES:]
        ]
    )
    if isinstance(getattr(trace, "filename", None), str):  # a syntax error
        trace.filename = relative_to(trace.filename, root) or trace.filename
    for other in (trace.__cause__, trace.__context__, *(getattr(trace, "exceptions", None) or ())):
        shorten(other, root, seen)
    return trace


def shown_name(filename: str, root: Path) -> str | None:
    """`filename` relative to `root` or to `site-packages`, None for other files and for this package."""
    if filename.startswith(f"{HERE}{os.sep}"):
        return None
    _, found, path = filename.replace("\\", "/").rpartition("/site-packages/")
    return relative_to(filename, root) or (path if found and not path.startswith("tilebox/workflows/runner/") else None)
