"""Which folder is the workflow project, and which file describes its workflow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import CONFIG_NAME, CONFIG_VARIABLE
from hatch_tilebox.core.errors import ConfigError, Problem
from hatch_tilebox.core.toml_document import read_toml
from hatch_tilebox.project.build_options import build_table
from hatch_tilebox.project.workflow_file import advice_on_missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["config_file", "find_project"]


def find_project(start: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The absolute path of the nearest workflow project, the folder `start` or one above.

    A project has a `tilebox.workflow.toml`, or a `pyproject.toml` for which the option `config` names another file. Raises
    ConfigError if there is none.
    """
    start = start.resolve()
    lone: Path | None = None  # a configuration without pyproject.toml, which a project above it may name as its own
    for folder in (start, *start.parents):
        # What is there and is not a file is reported where it is read.
        has_default = os.path.lexists(folder / CONFIG_NAME)
        if os.path.lexists(folder / "pyproject.toml"):
            named = _named_config(folder, environ)
            if lone is None and (named or has_default):
                return folder
            if lone is not None and named and (folder / named).resolve() == lone / CONFIG_NAME:
                return folder
        elif has_default and lone is None:
            lone = folder
    if lone is not None:
        return lone
    message = f"no {CONFIG_NAME} in {start} or in a folder above it"
    raise ConfigError(Problem(message, hint=advice_on_missing(start)))


def config_file(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The file that describes the workflow of the project in the folder `root`, as the option `config` says; it may be missing."""
    return root / (_named_config(root, environ) or CONFIG_NAME)


def _named_config(root: Path, environ: Mapping[str, str]) -> str | None:
    """What the option `config` says for the project in `root`, None where it says nothing that can be used."""
    if text := environ.get(CONFIG_VARIABLE):
        return text
    build = {**_table(root, "pyproject.toml", "tool", "hatch"), **_table(root, "hatch.toml")}.get("build")
    try:
        named = build_table(build, build.get("targets", {})).get("config") if isinstance(build, dict) else None
    except (AttributeError, TypeError):  # tables that are no tables: whoever reads the options reports them
        return None
    return named if isinstance(named, str) and named.strip() else None


def _table(root: Path, name: str, *keys: str) -> dict[str, Any]:
    try:
        values: Any = read_toml(root / name, name).values
    except ConfigError:  # not there, or reported when the project is opened
        return {}
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}
