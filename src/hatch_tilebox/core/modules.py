"""Python modules and the files that they are, by the folder layouts that a worker imports from: flat, and `src`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE_FOLDER = "src/"
"""The folder of the modules of an installed project in the `src` layout."""
SOURCE_FOLDERS = ("", SOURCE_FOLDER)


def module_files(module: str, folders: Iterable[str] = SOURCE_FOLDERS) -> tuple[str, ...]:
    """Return the paths, relative to the project, of all files that may be the module with this dotted name."""
    base = module.replace(".", "/")
    return tuple(f"{folder}{base}{end}" for folder in folders for end in (".py", "/__init__.py"))


def module_name(path: str) -> str:
    """Return the dotted name of the module in the Python file `path`."""
    return path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")


def package_name(path: str) -> str:
    """Return the dotted name of the package that the Python file `path` is in, "" if it is in none."""
    return path.removeprefix("src/").rpartition("/")[0].replace("/", ".")
