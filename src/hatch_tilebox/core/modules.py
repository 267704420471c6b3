"""Python modules and the files that they are, by the folder layouts that a worker imports from: flat, and `src`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SOURCE_FOLDERS = ("", "src/")


def module_files(module: str) -> tuple[str, ...]:
    """Return the paths, relative to the project, of all files that may be the module with this dotted name."""
    base = module.replace(".", "/")
    return tuple(f"{folder}{base}{end}" for folder in SOURCE_FOLDERS for end in (".py", "/__init__.py"))


def module_name(path: str) -> str:
    """Return the dotted name of the module in the Python file `path`."""
    return path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")


def package_name(path: str) -> str:
    """Return the dotted name of the package that the Python file `path` is in, "" if it is in none."""
    return path.removeprefix("src/").rpartition("/")[0].replace("/", ".")


def imported_files(root: Path, importer: str, module: str) -> list[str]:
    """Return the files below `root` that run when the file `importer` imports a module: the module, and the packages it is in."""
    source = "src/" if importer.startswith("src/") else ""
    parts = module.split(".")
    bases = [source + "/".join(parts[: depth + 1]) for depth in range(len(parts))]
    candidates = [*(f"{base}/__init__.py" for base in bases), *(f"{base}.py" for base in bases)]
    return [path for path in candidates if (root / path).is_file()]
