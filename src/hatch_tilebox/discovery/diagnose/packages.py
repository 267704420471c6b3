"""Explain a failure inside an installed package, and name the package that contains a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.identifiers import normalized_name

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def inside_package(facts: Mapping[str, Any], what: str, error: str) -> Problem:
    """The problem of an `error` inside an installed package, with the packages that do not fit each other."""
    name, version = facts["raised_in"]
    package = f"{name} {version}"
    message = f"importing {what} fails{'' if what == package else f' inside {package}'}: {error}"
    upgrade = f"`uv lock --upgrade-package {name}`"
    caller, hint = facts["called_by"], None
    if facts["not_found"] and facts["module"]:
        module = facts["module"].partition(".")[0]
        if module in REMOVED_MODULES:
            hint = f"Python {facts['python']} no longer has `{module}`: try a newer {name}, with {upgrade}"
            hint += "; or an older Python, in `requires-python`"
        else:
            hint = f"{package} imports `{module}`, which no installed package contains"
            hint += f": add it with `uv add {distribution_name(module)}`, if that is the package's name"
    elif other := facts["imported_from"]:
        # `bound` is the upper bound that was tried (see `compatible_versions.py`), if an older version works.
        message += f" ({other['name']} {other['version']})"
        hint = f"{package} does not work with {other['name']} {other['version']}: "
        if other.get("bound"):
            constraint = f'constraint-dependencies = ["{other["name"]}<{other["bound"]}"]'
            hint += f"add {constraint} under [tool.uv] in pyproject.toml, then run `uv lock`"
        else:
            hint += f"try another {name}, such as the newest, with {upgrade}"
    elif caller and (facts["type"] in MISMATCHES or "Version" in facts["type"]):
        message += f" (called by {caller[0]} {caller[1]})"
        hint = f"check that {caller[0]} {caller[1]} works with it; other versions: {upgrade}"
    return Problem(message, hint, code="TBX317")


def distribution_name(module: str) -> str:
    """The likely name of the distribution that contains `module`."""
    top = module.partition(".")[0]
    return DISTRIBUTIONS.get(top, normalized_name(top))
