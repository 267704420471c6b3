"""Explain why the workflow's code cannot be imported."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import CONFIG_NAME, OPTIONS_PLACE
from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.core.modules import SOURCE_FOLDER, module_files, module_name
from hatch_tilebox.core.pyproject import requirement_names, texts
from hatch_tilebox.core.suggestions import include_hint
from hatch_tilebox.discovery.diagnose.context import which_runner
from hatch_tilebox.discovery.diagnose.install import system_limit
from hatch_tilebox.discovery.diagnose.packages import REMOVED_MODULES, distribution_name, inside_package
from hatch_tilebox.discovery.diagnose.shadowing import shadowed_import
from hatch_tilebox.discovery.diagnose.sources import PYPROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.discovery.diagnose.context import Context

SEARCHED_FILES = 20_000
"""Limit for the files of a project that are searched for a missing module."""

SDK_ERRORS = (
    (
        "Duplicate task identifier",
        "two tasks have one identifier: {text}",
        "give each task class a name and version of its own in `identifier()`",
    ),
    (
        "Invalid version string",
        "a task has the version {version!r}; a version is `vMAJOR.MINOR`, such as v1.0",
        'return (name, "v1.0") from its `identifier()`',
    ),
    ("task name", "a task's name is not valid: {text}", "return a name of 1 to 256 bytes from its `identifier()`"),
    ("not executable", "{text}", "give it an `execute` method, or do not register it"),
)
"""Words of the SDK about a task that it refuses, with message and hint."""

PROVIDERS = (
    ("google", ("GOOGLE_APPLICATION_CREDENTIALS",), "~/.config/gcloud/application_default_credentials.json"),
    ("boto", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "~/.aws/credentials"),
    ("azure", ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"), "~/.azure"),
)
"""Beginning of the distribution's name, variables, and file or folder with credentials.

Sources: https://cloud.google.com/docs/authentication/application-default-credentials,
https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html,
https://learn.microsoft.com/python/api/overview/azure/identity-readme
"""
CREDENTIAL = re.compile(r"CREDENTIAL|KEY|TOKEN|SECRET|PASSWORD|PROFILE", re.IGNORECASE)
SHOWN_VARIABLES = 4


def import_failed(context: Context, facts: Mapping[str, Any]) -> Problem:
    """The problem for a failed import of the SDK or of the runner's module."""
    place = Location(*facts["place"]) if facts["place"] else None
    trace = context.paths.clean(facts["traceback"]).rstrip()
    details = trace if place else None
    if shadowed := shadowed_import(context, facts["traceback"] + facts["message"], facts["module"]):
        return shadowed._replace(details=details)
    if found := _variable_missing(context, facts) or _missing(context, facts) or _refused_by_sdk(context, facts):
        return found._replace(location=place or found.location, details=details)
    what = f"tilebox-workflows {facts['sdk']}" if facts.get("sdk_itself") else f"`{context.module}`"
    text = context.paths.clean(facts["message"])
    if limit := system_limit(text):
        return Problem(f"importing {what} fails: {limit[0]}", limit[1], details=text, code="TBX212")
    error = f"{facts['type']}: {text}".partition("\n")[0] if text else facts["type"]
    if facts["raised_in"]:
        return inside_package(facts, what, error)._replace(location=place or context.location, details=trace)
    return Problem(f"importing {what} fails: {error}", None, place or context.location, details, code="TBX302")


def _variable_missing(context: Context, facts: Mapping[str, Any]) -> Problem | None:
    """The problem of a variable that the code reads and that is not set, None if the failure has another cause.

    The message of the error has to contain the variable's name, or the error has to be about credentials.
    """
    missing = facts["variables"]["missing"]
    text = facts["message"]
    named = [name for name in missing if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    if named:
        name = max(named, key=len)
        message = f"importing `{context.module}` needs the environment variable {name}, which is not set"
        return Problem(message, _pass_hint([name]), context.location, code="TBX309")
    if "Credential" not in facts["type"]:
        return None
    package = (facts["raised_in"] or ("", ""))[0]
    known, file = next(((names, file) for start, names, file in PROVIDERS if package.startswith(start)), ((), ""))
    read = [name for name in missing if CREDENTIAL.search(name) and not name.startswith("TILEBOX_")]
    names = [name for name in known if name in missing] or read[:SHOWN_VARIABLES] or ["NAME"]
    first = context.paths.clean(text).partition("\n")[0]
    hint = f"create the client in the task that uses it, not at import; or {_pass_hint(names)}"
    if file:
        hint += f";\nor it must have the file {file}, which the release does not contain"
    message = f"importing `{context.module}` asks for credentials: {facts['type']}: {first}"
    return Problem(message, hint, context.location, code="TBX309")


def _pass_hint(names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return (
        f"pass it with `pass-environment = [{listed}]` {OPTIONS_PLACE}, or with `--env {names[0]}`: "
        "a build does not pass other variables.\n"
        "A release runner must have it, too: workers inherit it from the environment of the runner"
    )


def _refused_by_sdk(context: Context, facts: Mapping[str, Any]) -> Problem | None:
    """The problem of a task that the SDK refuses."""
    text = facts["message"]
    for words, message, hint in SDK_ERRORS if facts["raised_by_sdk"] else ():
        if words in text:
            version = text.rpartition(":")[2].strip()
            return Problem(message.format(text=text, version=version), hint, context.location, code="TBX306")
    return None


def _missing(context: Context, facts: Mapping[str, Any]) -> Problem | None:
    """The problem of a module or file that the release lacks, None if the project is not the cause."""
    module, attribute = facts["module"], facts["attribute"]
    if facts["not_found"] and module and not facts["raised_in"]:
        return _module_not_found(context, module, in_code=facts["place"] is not None)
    if attribute and module and (found := _left_out(context, f"{module}.{attribute}")):
        return found
    path = context.paths.relative(facts["file"]) if facts["file"] else None
    if path is None:
        return None
    if context.files.left_out(path):
        return _not_selected(path)
    message = f"importing `{context.module}` opens {path}, which is not in the release"
    return Problem(message, f"if it is a file of the project, {include_hint(path)}", context.location, code="TBX310")


def _module_not_found(context: Context, module: str, *, in_code: bool) -> Problem:
    """The problem of a missing `module`. `in_code` is whether code of the project imports it."""
    if found := _left_out(context, module):
        return found
    top = module.partition(".")[0]
    path = _file_of(context, module)
    if path and path.startswith(SOURCE_FOLDER) and not context.pyproject.packaged:
        return Problem(
            f"module `{module}` is in {path}, and nothing puts `src` on the path: the project is not installed",
            "add a [build-system] to pyproject.toml (and no `package = false` under [tool.uv]), so that uv installs the project; "
            f"or move `{top}` out of `src`",
            PYPROJECT,
            code="TBX301",
        )
    modules = {module_name(path) for path in context.files.paths if path.endswith(".py")}
    runner = context.workflow.runner or ""
    if (module == context.module and not in_code) or context.module.startswith(f"{module}."):
        close = difflib.get_close_matches(context.module, sorted(modules), 3, 0.5)
        hint = which_runner(f"{name}:{runner.partition(':')[2]}" for name in close) or "name a module among the selected files"
        return Problem(f"there is no module `{module}` for `{runner}`", hint, context.location, code="TBX301")
    if top in {name.partition(".")[0] for name in modules}:
        return Problem(f"there is no module `{module}` in the project", code="TBX301")
    return _found_elsewhere(context, module) or _not_a_dependency(context, module)


def _found_elsewhere(context: Context, module: str) -> Problem | None:
    """The problem of a module in a folder of the project that is not on the path, None if there is no such module."""
    path = _elsewhere(context, module.partition(".")[0])
    if path is None:
        return None
    if context.files.left_out(path):
        return _not_selected(path, module)
    folder = PurePosixPath(path.removesuffix("/__init__.py")).parent
    return Problem(
        f"`{module}` is not found, although the project has {path}: {folder} is not on the path of a worker",
        "import it by its path below the root of the workflow, or add that folder to `sys.path` in the code",
        code="TBX301",
    )


def _left_out(context: Context, module: str) -> Problem | None:
    """The problem of a `module` of the project that is not selected, None for other modules."""
    path = _file_of(context, module)
    return _not_selected(path, module) if path and context.files.left_out(path) else None


def _file_of(context: Context, module: str) -> str | None:
    """The file of the project that defines `module`, according to the folder layout."""
    return next((path for path in module_files(module) if (context.files.root / path).is_file()), None)


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


def _not_selected(path: str, module: str = "") -> Problem:
    what = f"module `{module}` ({path})" if module else path
    folder = PurePosixPath(path).parent.as_posix()
    hint = include_hint(path) if folder == "." else f'{include_hint(path)}, or "{folder}/**" for the whole folder'
    return Problem(f"{what} is in the project, but not among the selected files", hint, code="TBX105")


def _not_a_dependency(context: Context, module: str) -> Problem:
    parts = module.split(".")
    name = distribution_name(module)
    names = {name, *(normalized_name("-".join(parts[: i + 1])) for i in range(len(parts)))}
    for group, requirements in _not_installed(context):
        for found in names & requirement_names(requirements):
            message = f"`{module}` comes from {found}, a dependency only in {group}, which a release runner does not install"
            return Problem(message, f"make it a dependency of the workflow: `uv add {found}`", PYPROJECT, code="TBX209")
    if parts[0] in REMOVED_MODULES:
        message = f"`{module}` is not available: it was removed from the standard library of this Python"
        return Problem(message, "use its replacement, or an older Python in `requires-python`", code="TBX301")
    if names & context.pyproject.dependency_names:
        message = f"`{module}` is not installed, although {name} is among the dependencies"
        hint = "check whether a marker excludes this platform or Python, and whether it has a module of that name"
    else:
        message = f"`{module}` is not installed: no dependency in pyproject.toml brings it"
        hint = f"add it with `uv add {name}`, if that is the package's name"
        if context.clean:
            hint += f"; or select it with [build] include in {CONFIG_NAME}, if it is a module of the project"
    return Problem(message, hint, PYPROJECT, code="TBX301")


def _not_installed(context: Context) -> list[tuple[str, tuple[str, ...]]]:
    """Dependencies that are not installed by default, each list with the name of its table."""
    pyproject = context.pyproject
    return [
        *((f'the dependency group "{name}"', requirements) for name, requirements in pyproject.groups.items()),
        *((f'the extra "{name}"', requirements) for name, requirements in pyproject.extras.items()),
        ("tool.uv.dev-dependencies", texts(pyproject.table("tool", "uv").get("dev-dependencies"))),
    ]
