"""`tilebox.workflow.toml`, read and checked against Tilebox's rules."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.config import WorkflowConfig
from hatch_tilebox.core.constants import CONFIG_NAME, PYPROJECT_NAME
from hatch_tilebox.core.diagnostics import look_in
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.identifiers import SLUG_LENGTH
from hatch_tilebox.core.paths import shortest_path
from hatch_tilebox.core.suggestions import close_match, did_you_mean
from hatch_tilebox.core.toml_document import Document, read_toml
from hatch_tilebox.core.workflow import Pattern, Workflow
from hatch_tilebox.project import rules
from hatch_tilebox.project.build_options import PLACES
from hatch_tilebox.project.toml.kinds import Flag, Report, Text, Texts
from hatch_tilebox.project.toml.tables import Table, Tables, key, keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SLUG = Text(rules.check_slug, {"maxLength": SLUG_LENGTH}, rules.SLUG)
_GLOB = Text(rules.check_pattern, refused=rules.GLOB)


# As in the loader: either runner or command. The editor's messages are `"runner" is a required property`, and the one about both.
_ONE_START = {
    "if": {"required": ["command"]},
    "then": {"not": {"$ref": "#/definitions/both-runner-and-command"}},
    "else": {"required": ["runner"]},
}

# The extension `x-taplo` is for the editors that use Taplo: https://taplo.tamasfe.dev/configuration/developing-schemas.html
_TARGET = {
    "title": "target",
    "description": "Clusters that a deployment can name together: `hatch-tilebox deploy --target NAME`. "
    "The name has letters A-Z and a-z, digits, hyphens and underscores.",
    "x-taplo": {"links": {"key": "https://docs.tilebox.com/workflows/concepts/clusters"}, "initKeys": ["clusters"]},
}


@dataclass(eq=False, repr=False)
class WorkflowTable:
    """Which workflow the project is, and how its worker starts."""

    slug: str = field(
        metadata=key(
            _SLUG,
            "The slug under which Tilebox knows the workflow: 1 to 100 letters, digits and hyphens.",
            missing='write slug = "my-workflow"',
            examples=("my-workflow-5y9aK2ydM1f76n",),
        )
    )
    runner: str | None = field(
        default=None,
        metadata=key(
            Text(rules.check_runner, refused=rules.RUNNER),
            "The `Runner` object as `module:object`; both may have dots. Release runners start it with "
            "`uv run python -m tilebox.workflows.runner module:object`. Set either this or `command`.",
            examples=("my_workflow.runner:runner",),
        ),
    )
    command: tuple[str, ...] | None = field(
        default=None,
        metadata=key(
            Texts(least=1),
            "A worker command of the project's own, program and arguments apart. Set either this or `runner`.",
            examples=(["uv", "run", "python", "-m", "my_workflow"],),
        ),
    )
    root: str = field(
        default=".",
        metadata=key(
            Text(rules.check_root, refused=rules.ROOT),
            "The folder that a release contains, relative to the folder of this file; a build refuses one outside the project.",
            examples=("workflow",),
        ),
    )


@dataclass(eq=False, repr=False)
class BuildTable:
    """Which files go into a release."""

    include: tuple[str, ...] = field(
        metadata=key(
            Texts(_GLOB, least=1),
            "Globs of the files that go in, relative to `root`: `*` stays inside a folder, `**` spans folders.",
            missing='name the files that go into a release: include = ["pyproject.toml", "uv.lock", "my_workflow/**"]',
            examples=(["pyproject.toml", "uv.lock", "my_workflow/**"],),
        )
    )
    exclude: tuple[str, ...] = field(
        default=(),
        metadata=key(
            Texts(_GLOB),
            "Globs of files that stay out although `include` names them.",
            examples=(["**/*.tif"],),
        ),
    )
    use_gitignore: bool = field(
        default=True,
        metadata=key(
            Flag(),
            "Whether files that `.gitignore` files under `root` name stay out.",
            examples=(False,),
        ),
    )


@dataclass(eq=False, repr=False)
class TargetTable:
    """Clusters that a deployment can name together."""

    clusters: tuple[str, ...] = field(
        metadata=key(
            Texts(_SLUG, least=1),
            "The slugs of the clusters.",
            missing='write clusters = ["my-cluster"]',
            examples=(["prod-a", "prod-b"],),
        )
    )


@dataclass(eq=False, repr=False)
class WorkflowFile:
    """The tables of the file."""

    workflow: WorkflowTable = field(
        metadata=key(
            Table(WorkflowTable, _ONE_START),
            "Which workflow the project is, and how its worker starts.",
            missing="write a [workflow] table with slug and runner",
        )
    )
    build: BuildTable = field(
        metadata=key(
            Table(BuildTable),
            "Which files go into a release.",
            missing='write a [build] table with include = ["pyproject.toml", "uv.lock", "my_workflow/**"]',
        )
    )
    targets: Mapping[str, TargetTable] | None = field(
        default=None,
        metadata=key(
            Tables(Table(TargetTable), "[A-Za-z0-9_-]+", "letters A-Z and a-z, digits, hyphens and underscores", _TARGET),
            "Clusters that a deployment can name together, as `[targets.NAME]`.",
        ),
    )


FILE = Table(WorkflowFile)

_MODELS = {"workflow": WorkflowTable, "build": BuildTable, "targets.NAME": TargetTable}
_PLACES = {key.name: f"{table}.{key.name}" for table, model in _MODELS.items() for key in keys_of(model)}
_ELSEWHERE = {name: place for name, place in PLACES.items() if CONFIG_NAME not in place}


def load_config(path: Path, *, base: Path | None = None) -> WorkflowConfig:
    """Return the checked file `path`. Messages name it relative to the folder `base`, by default its own.

    Raises ConfigError with all mistakes, in the order of the file.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 -- Path.resolve would follow a symbolic link to another folder
    name = _name(path, base)
    look_in(base or path.parent)
    if not path.exists():
        hint = advice_on_missing(base or path.parent)
        raise ConfigError(Problem("no such file", hint, Location(name), code="TBX001"))
    document = read_toml(path, name, allow_mark=True)
    report = Report(_PLACES, _ELSEWHERE)
    tables: WorkflowFile | None = FILE.read(document.values, (), report)
    workflow = document.values.get("workflow")
    root = path.parent
    if isinstance(workflow, dict):
        _check_start(workflow, report)
        root = _find_root(workflow, path.parent, report)
        look_in(root)
    if tables is None or report.mistakes:
        raise ConfigError(*report.problems(document))
    build = tables.build
    return WorkflowConfig(
        path=path,
        root=root,
        workflow=Workflow(tables.workflow.slug, tables.workflow.runner, tables.workflow.command),
        include=_patterns(document, "include", build.include),
        exclude=_patterns(document, "exclude", build.exclude),
        use_gitignore=build.use_gitignore,
        targets={name: target.clusters for name, target in (tables.targets or {}).items()},
        document=document,
    )


def check_root_inside(config: WorkflowConfig, project: Path) -> None:
    """Raise ConfigError unless the root of the workflow is the folder `project` or inside it, as builds require."""
    project = project.resolve()
    if not config.root.is_relative_to(project):
        raise ConfigError(
            Problem(
                f"workflow.root: {config.root} is outside the project {project}",
                hint="a build takes nothing from outside the project: it could not be repeated from its sdist.\n"
                f"Move {CONFIG_NAME} and pyproject.toml to that folder, or choose a root inside the project.",
                location=config.location("workflow.root"),
                code="TBX015",
            )
        )


def _name(path: Path, base: Path | None) -> str:
    """Return what messages call the file."""
    try:
        return Path(os.path.relpath(path, base or path.parent)).as_posix()
    except ValueError:  # another drive on Windows
        return str(path)


def advice_on_missing(folder: Path) -> str:
    """Return what to do if no project is found in a folder. All commands that need a project say this."""
    if close := close_match(CONFIG_NAME, (path.name for path in folder.glob("*.toml"))):
        return f"there is {close}; rename it to {CONFIG_NAME}"
    if below := sorted(path.relative_to(folder).as_posix() for path in folder.glob(f"*/{CONFIG_NAME}")):
        return f"there is {below[0]}; name its folder"
    import shlex  # for an error

    place = "" if folder == Path.cwd() else f" {shlex.quote(shortest_path(folder))}"
    if os.path.lexists(folder / PYPROJECT_NAME):
        return f"add hatch-tilebox to this project: hatch-tilebox adopt{place}"
    return f"create a project: hatch-tilebox init{place}; or add hatch-tilebox to an existing one: hatch-tilebox adopt PROJECT"


def _check_start(table: Mapping[str, Any], report: Report) -> None:
    """Check that exactly one of `runner` and `command` is set."""
    given = [name for name in table if name in {"runner", "command"}]
    if len(given) > 1:
        report.key(("workflow", given[1]), "set either runner or command, not both", code="TBX014")
    elif not given and not {("workflow", "runner"), ("workflow", "command")} & report.meant:
        hint = 'an example is runner = "my_workflow.runner:runner"; command is for a worker that starts in another way'
        report.value(("workflow",), "set either runner or command", hint, "TBX014")


def _find_root(table: Mapping[str, Any], folder: Path, report: Report) -> Path:
    """Return the folder that `root` names, resolved."""
    text = table.get("root", ".")
    if not isinstance(text, str) or not text.strip() or rules.check_root(text):
        return folder
    root = folder / text
    if not root.is_dir():
        near = [path.name for path in root.parent.iterdir() if path.is_dir()] if root.parent.is_dir() else []
        report.value(("workflow", "root"), f'"{text}" is not a folder', did_you_mean(root.name, near), "TBX015")
    return root.resolve()


def _patterns(document: Document, name: str, texts: tuple[str, ...]) -> tuple[Pattern, ...]:
    # Each file that a pattern excludes has the place of the pattern.
    return tuple(Pattern(text, cache(partial(document.location, ("build", name, index)))) for index, text in enumerate(texts))
