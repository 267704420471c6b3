"""The options that are accepted before and after every command: `-C`, `--color`, `-q` and `-v`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = TypeVar("Command", bound=Callable[..., object] | click.Command)

FOLDER = "hatch_tilebox.folder"
"""The key in the meta of a context under which `-C` keeps its folder."""
_COLORS = ("auto", "always", "never")
_VARIABLES = ("FORCE_COLOR", "NO_COLOR")


def group_options(command: Command) -> Command:
    """Add the options to the group of commands. `-q` and `-v` become its parameters `quiet` and `verbose`."""
    for option in (
        click.option("-v", "--verbose", count=True, help="Print more; twice: also the output of uv."),
        click.option("-q", "--quiet", count=True, help="Print less; twice: only errors."),
        click.option("--color", **_COLOR),
        click.option("-C", "directory", **_DIRECTORY),
    ):
        command = option(command)
    return command


def add_common_options(name: str, command: click.Command) -> None:
    """Add the options that the command `name` does not have. They are hidden, because the help of the group shows them."""
    known = {name for parameter in command.params for name in parameter.opts}
    for names, settings in (
        (("-C", "directory"), _DIRECTORY),
        (("--color",), _COLOR),
        (("-q", "--quiet"), _COUNT),
        (("-v", "--verbose"), _COUNT),
    ):
        if names[0] not in known:
            command.params.append(click.Option(names, hidden=True, **settings))
    for parameter in command.params:
        if isinstance(parameter, click.Option) and _is_setting(name, parameter) and "[env: " not in (parameter.help or ""):
            parameter.help = f"{parameter.help}  [env: HATCH_TILEBOX_PUBLISH_{str(parameter.name).upper()}]"


def _is_setting(command: str, option: click.Option) -> bool:
    """Whether an option is a setting of publications, which has an environment variable."""
    if command != "publish":
        return option.name == "to" and option.metavar == "URL"
    from dataclasses import fields

    from hatch_tilebox.publish.settings import Settings

    return option.name in {field.name for field in fields(Settings)}


def passed_on(command: click.Command, *, quiet: int, verbose: int) -> list[str]:
    """Return the arguments with which `-q` and `-v` before a command count for it."""
    known = {name for parameter in command.params for name in parameter.opts}
    return [name for name, count in (("-q", quiet), ("-v", verbose)) if name in known for _ in range(count)]


def _change_folder(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.chdir(value)
        ctx.meta[FOLDER] = os.path.join(ctx.meta.get(FOLDER, ""), value)  # noqa: PTH118 -- as the user wrote it


def _set_color(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    """Set the variables that decide about colours, for this command only."""
    if value is None:
        return
    before = {name: os.environ.pop(name, None) for name in _VARIABLES}
    if value == "auto":
        os.environ.update({name: text for name, text in before.items() if text is not None})
        return
    os.environ["FORCE_COLOR" if value == "always" else "NO_COLOR"] = "1"

    def restore() -> None:
        for name, text in before.items():
            os.environ.pop(name, None)
            if text is not None:
                os.environ[name] = text

    ctx.call_on_close(restore)


# Eager: a folder is changed before paths among the other arguments are checked.
_DIRECTORY: dict[str, Any] = {
    "type": click.Path(exists=True, file_okay=False),
    "callback": _change_folder,
    "is_eager": True,
    "expose_value": False,
    "help": "Change to this folder first.",
}
_COLOR: dict[str, Any] = {
    "type": click.Choice(_COLORS),
    "callback": _set_color,
    "is_eager": True,
    "expose_value": False,
    "help": "Whether output has colours.  [default: auto; env: NO_COLOR, FORCE_COLOR]",
}
_COUNT: dict[str, Any] = {"count": True, "expose_value": False}
