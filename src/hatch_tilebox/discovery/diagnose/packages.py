"""Explain a failure inside an installed package, one of the system, or one because of a shadowed module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.discovery.diagnose.shadowing import rename_hint, shadowed_module, shadowing_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.discovery.diagnose.context import Context

PYPROJECT = Location("pyproject.toml")
CACHE_HINT = "let HATCH_TILEBOX_CACHE_DIR name another folder"

MISMATCHES = frozenset({"AttributeError", "ImportError", "TypeError"})
"""Errors that suggest that two packages do not fit each other."""

REMOVED_MODULES = frozenset(
    {
        *("asynchat", "asyncore", "binhex", "distutils", "imp", "smtpd"),  # until 3.12
        *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev"),
        *("pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),  # until 3.13
    }
)
"""Modules that were removed from the standard library. Source: https://docs.python.org/3/whatsnew/3.13.html"""

DISTRIBUTIONS = {
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "git": "gitpython",
    "google": "google-cloud-storage",
    "grpc": "grpcio",
    "jwt": "pyjwt",
    "netCDF4": "netcdf4",
    "odc": "odc-geo",
    "osgeo": "gdal",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Module to distribution, for distributions with another name than their module, as earth-observation code uses them."""

_SYSTEM = (
    (
        r"No space left on device|os error 28|Disk quota exceeded",
        "there is no space left where the environment is created",
        f"free some, or {CACHE_HINT}",
    ),
    (
        r"failed to map segment from shared object|(query|spawn|execute|inspect)\b.*Permission denied \(os error 13\)",
        "the folder of the environment does not allow programs to run, as where it is mounted with `noexec`",
        CACHE_HINT,
    ),
    (
        r"Permission denied \(os error 13\)|Operation not permitted \(os error 1\)",
        "uv may not read or write a file or folder that it needs",
        "see below which one, and give the user who builds access to it",
    ),
    (r"Read-only file system|os error 30", "the environment cannot be created on a read-only file system", CACHE_HINT),
)


def system_limit(text: str) -> tuple[str, str] | None:
    """Message and hint for an error of the system in the output `text` of a process, None without one."""
    return next(((message, hint) for pattern, message, hint in _SYSTEM if re.search(pattern, text)), None)


def shadowed_import(context: Context, text: str, module: str | None) -> Problem | None:
    """The problem of a module of the project that shadows another one, if it causes the failure.

    It does if the traceback `text` names its file, or if the import of `module`, which it shadows, failed.
    """
    for name, path in shadowing_files(context.selected).items():
        blamed = name == (module or "").partition(".")[0] or re.search(rf"\b(?:module|from|named) '{re.escape(name)}[.']", text)
        if blamed or f'"{path}"' in text:
            message = f"this module shadows {shadowed_module(name)} in the worker, where the working folder is first on the path"
            return Problem(message, rename_hint(path), Location(path), code="TBX303")
    return None


def inside_package(context: Context, facts: Mapping[str, Any], what: str, trace: str | None) -> Problem | None:
    """The problem of a failure inside an installed package, with the packages that do not fit each other."""
    raised = facts.get("raised_in")
    if not raised:
        return None
    place = Location(*facts["place"]) if facts["place"] else context.location
    name, version = raised
    text = context.paths.clean(facts["message"]).partition("\n")[0]
    inside = f" inside {name} {version}" if what != f"{name} {version}" else ""
    message = f"importing {what} fails{inside}: {facts['type']}" + (f": {text}" if text else "")
    if facts["not_found"] and facts["module"]:
        module = facts["module"].partition(".")[0]
        if module in REMOVED_MODULES:
            hint = f"Python {facts['python']} no longer has `{module}`: try a newer {name}, with `uv lock --upgrade-package {name}`"
            return Problem(message, f"{hint}; or an older Python, in `requires-python`", place, trace, code="TBX317")
        imports = f"{name} {version} imports `{module}`, which no installed package contains"
        hint = f"{imports}: add it with `uv add {distribution_name(module)}`, if that is the package's name"
        return Problem(message, hint, place, trace, code="TBX317")
    other = facts.get("imported_from")
    if other:
        return Problem(
            f"{message} ({other['name']} {other['version']})", _constraint_hint(name, version, other), place, trace, code="TBX317"
        )
    caller = facts["called_by"] if facts["type"] in MISMATCHES or "Version" in facts["type"] else None
    if not caller:
        return Problem(message, None, place, trace, code="TBX317")
    hint = f"check that {caller[0]} {caller[1]} works with it; other versions: `uv lock --upgrade-package {name}`"
    return Problem(f"{message} (called by {caller[0]} {caller[1]})", hint, place, trace, code="TBX317")


def distribution_name(module: str) -> str:
    """The likely name of the distribution that contains `module`."""
    top = module.partition(".")[0]
    return DISTRIBUTIONS.get(top, normalized_name(top))


def _constraint_hint(name: str, version: str, other: Mapping[str, str]) -> str:
    """The constraint that keeps the package `other` below the versions that `name` does not work with.

    `other["bound"]` is the upper bound that was tried (see `compatible_versions.py`), "" if no older version works.
    """
    together = f"{name} {version} does not work with {other['name']} {other['version']}"
    if not other.get("bound"):
        return f"{together}: try another {name}, such as the newest, with `uv lock --upgrade-package {name}`"
    constraint = f'constraint-dependencies = ["{other["name"]}<{other["bound"]}"]'
    return f"{together}: add {constraint} under [tool.uv] in pyproject.toml, then run `uv lock`"
