"""The arguments and options that several commands have. Each is a decorator of a command.

`-C`, `--color`, `-q` and `-v` are accepted before and after every command.
"""

from __future__ import annotations

import os
from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Any], Any]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

FOLDER_KEY = "hatch_tilebox.folder"
"""The key in the meta of a context under which `-C` keeps its folder."""
MERGE_BASE = ""
"""The value of `--changed` without REF."""
_COLOR_VARIABLES = {"always": "FORCE_COLOR", "never": "NO_COLOR"}


def several(*decorators: Decorator) -> Decorator:
    """Return these arguments and options as one decorator. Help shows them in this order."""
    return lambda command: reduce(lambda decorated, add: add(decorated), reversed(decorators), command)


def _change_folder(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.chdir(value)
        ctx.meta[FOLDER_KEY] = os.path.join(ctx.meta.get(FOLDER_KEY, ""), value)  # noqa: PTH118 -- as the user wrote it


def _set_color(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    """Set the variables that decide about colours, for this command only."""
    variable = _COLOR_VARIABLES.get(value or "")
    if variable is None:
        return
    before = {name: os.environ.pop(name) for name in _COLOR_VARIABLES.values() if name in os.environ}
    os.environ[variable] = "1"

    def restore() -> None:
        os.environ.pop(variable)
        os.environ.update(before)

    ctx.call_on_close(restore)


def _check_variables(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from hatch_tilebox.project.rules import check_variable

    for text in value:
        if wrong := check_variable(text.partition("=")[0]):
            raise click.BadParameter(wrong)
    return value


# Eager: a folder is changed before paths among the other arguments are checked.
folder_option = click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False),
    callback=_change_folder,
    is_eager=True,
    expose_value=False,
    help="Change to this folder first.",
)
color_option = click.option(
    "--color",
    type=click.Choice(["auto", *_COLOR_VARIABLES]),
    callback=_set_color,
    is_eager=True,
    expose_value=False,
    help="Whether output has colours.  [default: auto; env: NO_COLOR, FORCE_COLOR]",
)
quiet_option = click.option("-q", "--quiet", count=True, help="Print less; twice: only errors.")
verbose_option = click.option("-v", "--verbose", count=True, help="Print more; twice: also the output of uv.")
group_options = several(folder_option, color_option, quiet_option, verbose_option)

project_argument = click.argument("project", type=FOLDER, default=".")
release_argument = click.argument("file", type=FILE, required=False)
"""The argument `file`: see `named_or_project`."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
format_option = click.option(
    "--output-format",
    type=click.Choice(["text", "json", "github", "gitlab"]),
    default="text",
    show_default=True,
    help="Format of the errors and warnings: for people, one JSON object, or annotations for GitHub or GitLab.",
)
"""`--json` is a short form of `--output-format json`. Goes above `output_options`."""
env_option = click.option(
    "--env",
    metavar="NAME[=VALUE]",
    multiple=True,
    callback=_check_variables,
    help="Pass an environment variable to the workflow's code, or set it there; `*` in NAME matches any characters.",
)
cold_option = click.option("--cold", is_flag=True, help="Start it in a new environment, not a kept one.")
timeout_option = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, help="Seconds to start.  [default: 120]"
)
policy_option = click.option("--policy", type=FILE, help="Check the rules in this TOML file too.")
trust_option = click.option(
    "--trust-config", type=FILE, help="Trust configuration of a private Sigstore.  [default: the public Sigstore]"
)
workflow_option = click.option("--workflow", metavar="SLUG", help="The workflow.  [default: this project's]")
selection_options = several(
    click.option("--release", "selector", metavar="ID", help="Id, project version, or start of an id or digest."),
    click.option("--latest", is_flag=True, help="The latest release."),
)
"""The arguments `selector` and `latest` of `pick_release`."""
cluster_options = several(
    workflow_option,
    click.option("--target", metavar="NAME", help="The clusters of a target of tilebox.workflow.toml."),
    click.option("--cluster", metavar="A,B", help="Slugs of clusters, comma-separated."),
    click.option("--to", metavar="URL", help="The Tilebox API, or a folder.  [default: the project's destination]"),
)
changed_option = click.option(
    "--changed", metavar="[REF]", is_flag=False, flag_value=MERGE_BASE, help="Only projects that differ from a commit."
)
unpublished_option = click.option("--unpublished", is_flag=True, help="Only those that differ from the latest.")


def output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--json`, `-q` and `-v`. The command gets them, and its `format_option`, as one argument `output`."""

    @wraps(command)
    def with_output(*arguments: Any, as_json: bool, quiet: int, verbose: int, output_format: str = "text", **options: Any) -> None:
        from hatch_tilebox.cli.output import Output

        command(*arguments, output=Output("json" if as_json else output_format, verbose - quiet), **options)

    add: Callable[[Callable[..., None]], Callable[..., None]] = several(json_option, quiet_option, verbose_option)
    return add(with_output)


def refuse_combination(one: str, other: str) -> NoReturn:
    """Raise UsageError for two options of which only one can be used."""
    msg = f"{one} and {other} cannot be used together"
    raise click.UsageError(msg)


def add_common_options(name: str, command: click.Command) -> None:
    """Add the options that the command `name` does not have. They are hidden, because the help of the group shows them."""
    known = {name for parameter in command.params for name in parameter.opts}
    for option, add in (("-C", folder_option), ("--color", color_option), ("-q", quiet_option), ("-v", verbose_option)):
        if option not in known:
            add(command)
            added = cast("click.Option", command.params[-1])
            added.hidden, added.expose_value = True, False
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
