"""The option `--all`: a command works on all projects of a repository instead of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hatch_tilebox.cli.options import changed_option


class ForAll(click.Command):
    """A command on one project that gets the options `--all`, `--changed` and `--jobs`.

    With `--all`, its argument is ROOT, the folder of the repository, by default the current one, and the command runs once for each
    project (see `all_projects.py`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        click.option("--all", "all_projects", is_flag=True, help="All projects in and below the folder ROOT.")(self)
        changed_option(self)
        click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Projects at a time, with --all.")(self)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the usage, in which the argument is also ROOT."""
        pieces = super().collect_usage_pieces(ctx)
        return pieces if pieces[-1] == "[ROOT]" else [*pieces[:-1], f"[{pieces[-1].strip('[]')} | --all ROOT]"]

    def invoke(self, ctx: click.Context) -> Any:
        every, jobs = ctx.params.pop("all_projects"), ctx.params.pop("jobs")
        changed, unpublished = ctx.params.pop("changed"), ctx.params.pop("unpublished", False)
        if every:
            from hatch_tilebox.cli.all_projects import run_for_all

            ctx.exit(run_for_all(ctx, jobs, changed=changed, unpublished=unpublished))
        given = {"--jobs": jobs is not None, "--changed": changed is not None, "--unpublished": unpublished}
        if alone := [option for option, is_given in given.items() if is_given]:
            msg = f"{alone[0]} is for --all"
            raise click.UsageError(msg, ctx)
        return super().invoke(ctx)


def repository_of() -> Path | None:
    """Return the repository if this process runs a command with `--all` for one project of it, else None."""
    part: Path | None = click.get_current_context().find_root().params.get("part")
    return part


def forwarded(ctx: click.Context, leave_out: set[str]) -> list[str]:
    """Return the options of the command line of `ctx`, without those in `leave_out` and those of output.

    Paths become absolute, because the process that gets them runs in another folder.
    """
    found: list[str] = []
    others = {*leave_out, "all_projects", "changed", "jobs", "unpublished", "as_json", "output_format", "quiet", "verbose"}
    for option in ctx.command.params:
        given = option.name and ctx.get_parameter_source(option.name) is click.core.ParameterSource.COMMANDLINE
        # Options that are not exposed, such as -C, have taken effect: the process gets their folder and variables from this one.
        if not isinstance(option, click.Option) or not option.expose_value or not given or option.name in others:
            continue
        value: Any = ctx.params.get(option.name or "")
        if option.is_flag:
            found.append(option.opts[0] if value else option.secondary_opts[0])
        else:
            for item in value if option.multiple else [value]:
                found += [option.opts[0], str(item.absolute() if isinstance(item, Path) else item)]
    return found
