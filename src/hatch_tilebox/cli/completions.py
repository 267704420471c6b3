"""What the Tab key completes: names from the project and its built releases. Nothing comes from the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Complete = Callable[[click.Context, click.Parameter, str], Any]


def add_completions(command: click.Command) -> None:
    """Complete the parameters of a command by their names."""
    for parameter in command.params:
        complete = _BY_NAME.get(parameter.name or "")
        # `--to` of some commands is a folder of this machine, which click completes.
        if complete and not (parameter.name == "to" and isinstance(parameter.type, click.Path)):
            # click takes the function in the constructor only; here, commands need not know of it.
            parameter._custom_shell_complete = complete  # noqa: SLF001


def complete_codes(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the codes that begin with what is typed, with their titles."""
    from hatch_tilebox.codes.registry import all_codes

    return [CompletionItem(code.name, help=code.title) for code in all_codes() if code.name.startswith(incomplete.upper())]


def complete_targets(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the targets in the project's `tilebox.workflow.toml`."""
    return _beginning(incomplete, _table("tilebox.workflow.toml", "targets"))


def complete_destinations(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the project's destination, `tilebox`, and folders."""
    own = _table("pyproject.toml", "tool", "hatch", "publish", "tilebox").get("to")
    known = {"tilebox", *([own] if isinstance(own, str) else [])}
    return [CompletionItem(incomplete, type="dir"), *map(CompletionItem, _beginning(incomplete, known))]


def complete_releases(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the built releases of the project, and files."""
    found = _beginning(incomplete, map(str, _releases()))
    # In bash, a path first removes what was completed before it.
    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, found)]


def complete_words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the releases and the tasks that may be the next argument of `run`; after a release, its tasks."""
    given = [word for word in ctx.params.get(param.name or "") or () if "=" not in word]
    if not given:
        return [*complete_releases(ctx, param, incomplete), *map(CompletionItem, complete_tasks(ctx, param, incomplete))]
    release = Path(given[0])
    return [*map(CompletionItem, _tasks(_names_in(release), incomplete))] if given == [str(release)] and release.is_file() else []


def complete_tasks(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the tasks of the project's newest release: the last part of their names, else their names."""
    return _tasks(task_names(_root() or Path.cwd()), incomplete)


def _tasks(names: Sequence[str], incomplete: str) -> list[str]:
    return _beginning(incomplete, (name.rpartition("/")[2] for name in names)) or _beginning(incomplete, names)


def task_names(root: Path) -> tuple[str, ...]:
    """Return the tasks of the newest release in the `dist` folder of the project in `root`, none if it cannot be read."""
    try:
        newest = max((root / "dist").glob("*.tbrelease"), key=lambda path: path.stat().st_mtime_ns, default=None)
    except OSError:
        return ()
    return _names_in(newest) if newest else ()


def _names_in(release: Path) -> tuple[str, ...]:
    """Return the tasks of a release, none if it cannot be read."""
    from hatch_tilebox.archive.reader import read_manifest
    from hatch_tilebox.core.errors import ArchiveError

    try:
        return tuple(dict.fromkeys(task.name for task in read_manifest(release).tasks))
    except (ArchiveError, OSError):
        return ()


def _releases() -> list[Path]:
    root = _root()
    folder = root / "dist" if root and root != Path.cwd() else Path("dist")
    return sorted(folder.glob("*.tbrelease"))


def _root() -> Path | None:
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "tilebox.workflow.toml").is_file()), None)


def _table(name: str, *keys: str) -> Mapping[str, Any]:
    """Return a table of a file of the project, empty if it is missing or cannot be read."""
    from hatch_tilebox.core.errors import ConfigError
    from hatch_tilebox.core.toml_document import read_values, table_at

    root = _root()
    try:
        return table_at(read_values(root / name), keys) if root else {}
    except (ConfigError, OSError):
        return {}


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})


_BY_NAME: Mapping[str, Complete] = {
    "code": complete_codes,
    **dict.fromkeys(("deploy", "goal", "source", "target"), complete_targets),
    "task": complete_tasks,
    "to": complete_destinations,
    "words": complete_words,
    **dict.fromkeys(("file", "files", "new", "old", "what"), complete_releases),
}
"""The parameters of commands that are completed."""
