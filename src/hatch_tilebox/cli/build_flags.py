"""The options of a build as flags of `build`, from the table that describes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.options import several
from hatch_tilebox.project.build_options import option_keys, setting_name, variable_name
from hatch_tilebox.project.toml.kinds import Choice, Flag, Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hatch_tilebox.project.toml.tables import Key

NOT_FLAGS = frozenset({"embed", "skip"})
"""Options about wheels and sdists, which `build` does not write."""
_SHORT = {"output-dir": ("--out",)}


_KEYS = [key for key in option_keys() if key.name not in NOT_FLAGS]


def given_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config settings for the flags that were given."""
    values = {key.name: given[key.field] for key in _KEYS}
    return {
        setting_name(name): list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value
        for name, value in values.items()
        if value is not None and value != ()
    }


def _flag(key: Key) -> Callable[[Any], Any]:
    names = [key.field, f"--{key.name}", *_SHORT.get(key.name, ())]
    text = f"{key.doc.partition('. ')[0].removesuffix('.')}.  [env: {variable_name(key.name)}]"
    if isinstance(key.kind, Flag):
        return click.option(key.field, f"--{key.name}/--no-{key.name}", default=None, help=text)
    if isinstance(key.kind, Choice):
        return click.option(*names, type=click.Choice(key.kind.words), help=text)
    if isinstance(key.kind, Texts):
        return click.option(*names, multiple=True, metavar="TEXT", help=text)
    if key.name == "output-dir":  # a path of the current folder, which `--all` passes on as an absolute one
        return click.option(*names, type=click.Path(file_okay=False, path_type=Path), help=text)
    return click.option(*names, metavar=key.kind.name.upper().split(" ")[0], help=text)


build_flags = several(*map(_flag, _KEYS))
"""A flag for each option of a build, as the argument with the name of its field; None or () if it is not given."""
