"""Explain why the workflow's code cannot be imported."""

from __future__ import annotations

import difflib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.core.modules import module_files, module_name
from hatch_tilebox.core.pyproject import requirement_names, texts
from hatch_tilebox.discovery.diagnose.context import include_hint
from hatch_tilebox.discovery.diagnose.packages import (
    REMOVED_MODULES,
    distribution_name,
    inside_package,
    shadowed_import,
    system_limit,
)
from hatch_tilebox.discovery.diagnose.variables import variable_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.discovery.diagnose.context import Context

PYPROJECT = Location("pyproject.toml")
SEARCHED_FILES = 20_000
"""Limit for the files of a project that are searched for a missing module."""


def import_failed(context: Context, facts: dict[str, Any]) -> Problem:
    """The problem for a failed import of the SDK or of the runner's module."""
    place = Location(*facts["place"]) if facts["place"] else None
    trace = context.paths.clean(facts["traceback"]).rstrip() if facts["place"] else None
    what = f"tilebox-workflows {facts['sdk']}" if facts.get("sdk_itself") else f"`{context.module}`"
    shadowed = shadowed_import(context, facts["traceback"] + facts["message"], facts["module"])
    found = (
        shadowed
        or variable_missing(context, facts, place)
        or _missing(context, facts, place, trace)
        or _from_sdk(context, facts, place, trace)
    )
    if found is not None:
        return found._replace(details=trace)
    message = f"importing {what} fails: {facts['type']}"
    text = context.paths.clean(facts["message"])
    if limit := system_limit(text):
        return Problem(f"importing {what} fails: {limit[0]}", limit[1], details=text, code="TBX212")
    if inside := inside_package(context, facts, what, trace or context.paths.clean(facts["traceback"]).rstrip()):
        return inside
    return Problem(message + (f": {text.splitlines()[0]}" if text else ""), None, place or context.location, trace, code="TBX302")


def _missing(context: Context, facts: Mapping[str, Any], place: Location | None, trace: str | None) -> Problem | None:
    """The problem of a module or file that the release lacks, None if the project is not the cause."""
    if facts["not_found"] and facts["module"] and not facts["raised_in"]:
        return _module_not_found(context, facts["module"], place, trace)
    if facts["attribute"] and facts["module"]:
        path = _file_of(context, f"{facts['module']}.{facts['attribute']}")
        if path and context.left_out(path):
            return _not_selected(path, f"module `{facts['module']}.{facts['attribute']}` ({path})", place, trace)
    if facts["file"]:
        path = context.paths.relative(facts["file"])
        if path and context.left_out(path):
            return _not_selected(path, path, place, trace)
        if path:
            message = f"importing `{context.module}` opens {path}, which is not in the release"
            return Problem(
                message, f"if it is a file of the project, {include_hint(path)}", place or context.location, trace, code="TBX310"
            )
    return None


def _module_not_found(context: Context, module: str, place: Location | None, trace: str | None) -> Problem:
    top = module.partition(".")[0]
    path = _file_of(context, module)
    if path and context.left_out(path):
        return _not_selected(path, f"module `{module}` ({path})", place, trace)
    if path and path.startswith("src/") and not context.packaged:
        return Problem(
            f"module `{module}` is in {path}, and nothing puts `src` on the path: the project is not installed",
            "add a [build-system] to pyproject.toml (and no `package = false` under [tool.uv]), so that uv installs the project; "
            f"or move `{top}` out of `src`",
            place or PYPROJECT,
            trace,
            code="TBX301",
        )
    if (place is None and module == context.module) or context.module.startswith(f"{module}."):
        close = difflib.get_close_matches(context.module, sorted(set(_modules(context))), 3, 0.5)
        listed = " or ".join(f"`{name}:{(context.workflow.runner or '').partition(':')[2]}`" for name in close)
        hint = f"did you mean {listed}?" if close else "name a module among the selected files"
        return Problem(f"there is no module `{module}` for `{context.workflow.runner}`", hint, context.location, code="TBX301")
    if top in {name.partition(".")[0] for name in _modules(context)}:
        return Problem(f"there is no module `{module}` in the project", None, place, trace, code="TBX301")
    return _found_elsewhere(context, module, place, trace) or _not_a_dependency(context, module, place, trace)


def _found_elsewhere(context: Context, module: str, place: Location | None, trace: str | None) -> Problem | None:
    """The problem of a module in a folder of the project that is not on the path, None if there is no such module."""
    path = _elsewhere(context, module.partition(".")[0])
    if path is None:
        return None
    if context.left_out(path):
        return _not_selected(path, f"module `{module}` ({path})", place, trace)
    folder = PurePosixPath(path.removesuffix("/__init__.py")).parent
    return Problem(
        f"`{module}` is not found, although the project has {path}: {folder} is not on the path of a worker",
        "import it by its path below the root of the workflow, or add that folder to `sys.path` in the code",
        place,
        trace,
        code="TBX301",
    )


def _elsewhere(context: Context, name: str) -> str | None:
    """The file of a module `name` in any folder of the project, selected or not."""
    looked = 0
    for parent, folders, files in os.walk(context.files.root):
        folders[:] = sorted(item for item in folders if item[0] not in "._" and not Path(parent, item, "pyvenv.cfg").exists())
        found = f"{name}.py" if f"{name}.py" in files else f"{name}/__init__.py" if name in folders else None
        if found and Path(parent, found).is_file():
            return Path(parent, found).relative_to(context.files.root).as_posix()
        looked += len(files)
        if looked > SEARCHED_FILES:
            break
    return None


def _not_selected(path: str, what: str, place: Location | None, trace: str | None) -> Problem:
    folder = PurePosixPath(path).parent.as_posix()
    hint = include_hint(path) if folder == "." else f'{include_hint(path)}, or "{folder}/**" for the whole folder'
    return Problem(f"{what} is in the project, but not among the selected files", hint, place, trace, code="TBX105")


def _not_a_dependency(context: Context, module: str, place: Location | None, trace: str | None) -> Problem:
    names = _distribution_names(module)
    for group, requirements in _optional(context.pyproject):
        found = names & requirement_names(requirements)
        if found:
            name = found.pop()
            return Problem(
                f"`{module}` comes from {name}, a dependency only in {group}, which a release runner does not install",
                f"make it a dependency of the workflow: `uv add {name}`",
                place or PYPROJECT,
                trace,
                code="TBX209",
            )
    if module.partition(".")[0] in REMOVED_MODULES:
        message = f"`{module}` is not available: it was removed from the standard library of this Python"
        return Problem(message, "use its replacement, or an older Python in `requires-python`", place, trace, code="TBX301")
    name = distribution_name(module)
    select = f"or select it with [build] include in {CONFIG_NAME}, if it is a module of the project"
    if names & context.pyproject.dependency_names:
        return Problem(
            f"`{module}` is not installed, although {name} is among the dependencies",
            "check whether a marker excludes this platform or Python, and whether it has a module of that name",
            place or PYPROJECT,
            trace,
            code="TBX301",
        )
    return Problem(
        f"`{module}` is not installed: no dependency in pyproject.toml brings it",
        f"add it with `uv add {name}`, if that is the package's name" + (f"; {select}" if context.clean else ""),
        place or PYPROJECT,
        trace,
        code="TBX301",
    )


def _distribution_names(module: str) -> set[str]:
    """Normalized names that the distribution of `module` may have."""
    parts = module.split(".")
    return {distribution_name(module), *(normalized_name("-".join(parts[: i + 1])) for i in range(len(parts)))}


def _optional(pyproject: Pyproject) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Dependencies that are not installed by default, each list with the name of its table."""
    for name, requirements in pyproject.groups.items():
        yield f'the dependency group "{name}"', requirements
    for name, requirements in pyproject.extras.items():
        yield f'the extra "{name}"', requirements
    yield "tool.uv.dev-dependencies", texts(pyproject.table("tool", "uv").get("dev-dependencies"))


def _file_of(context: Context, module: str) -> str | None:
    """The file of the project that defines `module`, according to the folder layout."""
    return next((path for path in module_files(module) if (context.files.root / path).is_file()), None)


def _modules(context: Context) -> Iterator[str]:
    """Names of the modules among the selected files."""
    return (module_name(path) for path in context.selected if path.endswith(".py"))


def _from_sdk(context: Context, facts: Mapping[str, Any], place: Location | None, trace: str | None) -> Problem | None:
    """The problem for a known error of the SDK, with a hint."""
    if not facts["raised_by_sdk"]:
        return None
    text = facts["message"]
    version = text.rpartition(":")[2].strip()
    known = (
        (
            "Duplicate task identifier",
            f"two tasks have one identifier: {text}",
            "give each task class a name and version of its own in `identifier()`",
        ),
        (
            "Invalid version string",
            f"a task has the version {version!r}; a version is `vMAJOR.MINOR`, such as v1.0",
            'return (name, "v1.0") from its `identifier()`',
        ),
        ("task name", f"a task's name is not valid: {text}", "return a name of 1 to 256 bytes from its `identifier()`"),
        ("not executable", text, "give it an `execute` method, or do not register it"),
    )
    found = next(((message, hint) for words, message, hint in known if words in text), None)
    return Problem(*found, place or context.location, trace, code="TBX306") if found else None
