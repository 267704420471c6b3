"""Programs that the code of a workflow starts, according to its syntax trees.

Tasks start programs when they run, so a start of the worker does not show them. Only names that are literals are found.
"""

from __future__ import annotations

import ast
import shlex
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hatch_tilebox.core.model import FileSet

CALLS = frozenset(
    {
        *(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput")),
        *("os.system", "os.popen", "shutil.which"),
        *("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"),
    }
)
IMAGE_PROGRAMS = frozenset(
    {
        *("git", "git-lfs", "python", "python3", "uv", "uvx", "tilebox"),
        *("c++", "cc", "g++", "gcc", "gdal-config", "make", "pkg-config"),
        # the essential packages of Debian
        *("awk", "basename", "bash", "cat", "chmod", "chown", "cmp", "comm", "cp", "cut", "date", "dd", "df", "diff", "dirname"),
        *("du", "echo", "env", "expr", "false", "find", "grep", "gunzip", "gzip", "head", "hostname", "id", "install", "join"),
        *("kill", "ln", "ls", "md5sum", "mkdir", "mktemp", "mount", "mv", "nice", "nohup", "nproc", "od", "paste", "perl"),
        *("printenv", "printf", "ps", "pwd", "readlink", "realpath", "rm", "rmdir", "sed", "seq", "sh", "sha256sum", "sleep"),
        *("sort", "split", "stat", "sync", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true", "truncate", "uname"),
        *("uniq", "wc", "which", "whoami", "xargs", "yes"),
    }
)
"""Programs of the official runner image, `ghcr.io/tilebox/runner`."""


def missing_programs(files: FileSet, scripts: Path) -> list[Problem]:
    """A warning for each program that the official runner image lacks, and that no package installs into the folder `scripts`."""
    problems = {}
    for file in files.files:
        if file.path.endswith(".py"):
            for name, line in started_programs(file.source.read_text(encoding="utf-8", errors="replace")):
                if name not in problems and name not in IMAGE_PROGRAMS and not (scripts / name).exists():
                    message = f"the code starts the program `{name}`, which the official runner image does not have"
                    hint = "use a Python package instead, or run it on runners whose image has the program"
                    problems[name] = Problem(message, hint, Location(file.path, line), code="TBX210")
    return [*problems.values()]


def started_programs(code: str) -> Iterator[tuple[str, int]]:
    """Names of programs that `code` looks for on PATH, each with a line."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return
    names = _imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _called(node.func, names) in CALLS:
            program = _program(node.args[0])
            if program and not {"/", "\\"} & {*program}:
                yield program, node.lineno


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """The full names of imported modules and functions by their names in the code."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({item.asname or item.name: item.name for item in node.names})
        elif isinstance(node, ast.ImportFrom):
            names.update({item.asname or item.name: f"{node.module}.{item.name}" for item in node.names})
    return names


def _called(function: ast.expr, names: dict[str, str]) -> str:
    if isinstance(function, ast.Name):
        return names.get(function.id, "")
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{names.get(function.value.id, '')}.{function.attr}"
    return ""


def _program(argument: ast.expr) -> str:
    """The program in the first argument of a call: a string with a command line, or a list that begins with a string."""
    if isinstance(argument, ast.List | ast.Tuple) and argument.elts:
        first = argument.elts[0]
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        try:
            return next(iter(shlex.split(argument.value)), "")
        except ValueError:
            return ""
    return ""
