"""What is never part of a release, whatever the patterns: history, caches, environments, installed packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import RELEASE_SUFFIX, SDIST_RECORD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hatch_tilebox.core.file_names import FoundEntry

NEVER_SHIPPED = frozenset({
    ".git", ".hg", ".svn",
    "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".hatch",
    ".DS_Store",
    "PKG-INFO", SDIST_RECORD,  # an sdist adds these, so the release of an sdist would differ
})  # fmt: skip
NEVER_SHIPPED_SUFFIXES = (".pyc", ".pyo", ".egg-info", RELEASE_SUFFIX)
"""setuptools writes ".egg-info" beside packages with every command."""

GENERATED_FOLDERS = frozenset({"node_modules", ".ipynb_checkpoints", ".tox", ".nox", ".pixi"})
"""Folders that tools fill. Wildcards select nothing in them; a pattern without wildcards selects the file that it names."""

_ENVIRONMENT_MARKS = {"pyvenv.cfg": "a virtual environment", "conda-meta": "a conda environment"}
_CACHE_MARK = "CACHEDIR.TAG"
_CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"  # https://bford.info/cachedir/


def is_never_shipped(name: str) -> bool:
    """Whether no file or folder with this name is part of a release."""
    return name in NEVER_SHIPPED or name.endswith(NEVER_SHIPPED_SUFFIXES)


def never_shipped(names: Collection[str]) -> set[str]:
    """Return those of `names` for which `is_never_shipped` is true."""
    return {*NEVER_SHIPPED.intersection(names), *(name for name in names if name.endswith(NEVER_SHIPPED_SUFFIXES))}


def generated_folder(path: str, entries: Iterable[FoundEntry] = ()) -> str | None:
    """Return a reason, a sentence, why a tool has filled the folder `path` with `entries`; None where no name or mark shows it."""
    name = path.rpartition("/")[2]
    if name in GENERATED_FOLDERS:
        return f"{name} holds generated files"
    for entry in entries:
        if what := _ENVIRONMENT_MARKS.get(entry.name):
            return f"{path} is {what} (it holds {entry.name})"
        if entry.name == _CACHE_MARK and _is_cache_mark(entry):
            return f"{path} is a cache (it holds {_CACHE_MARK})"
    return None


def _is_cache_mark(entry: FoundEntry) -> bool:
    """Whether the file has the signature that the standard of cache directories requires."""
    if not entry.is_file(follow_symlinks=False):
        return False
    try:
        with open(entry.path, "rb") as file:
            return file.read(len(_CACHE_SIGNATURE)) == _CACHE_SIGNATURE
    except OSError:
        return False
