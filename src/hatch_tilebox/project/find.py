"""The folder of the workflow project, and the file that describes its workflow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME, CONFIG_VARIABLE, PYPROJECT_NAME
from hatch_tilebox.core.diagnostics import look_in
from hatch_tilebox.core.errors import ConfigError, Problem
from hatch_tilebox.core.pyproject import Pyproject, peek_pyproject
from hatch_tilebox.project.build_options import options_table
from hatch_tilebox.project.workflow_file import advice_on_missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def find_project(start: Path) -> Path:
    """Return the absolute path of the nearest workflow project, see `find_pyproject`."""
    return find_pyproject(start).root


def find_pyproject(start: Path) -> Pyproject:
    """Return the unchecked `pyproject.toml` of the nearest workflow project, in the folder `start` or above it.

    A project has a `tilebox.workflow.toml`, or a `pyproject.toml` whose option `config` names another file. Raises ConfigError if
    there is none.
    """
    start = start.resolve()
    found = _find(start)
    if found is None:
        message = f"no {CONFIG_NAME} in {start} or in a folder above it"
        raise ConfigError(Problem(message, hint=advice_on_missing(start), code="TBX001"))
    look_in(found.root)
    return found


def _find(start: Path) -> Pyproject | None:
    lone: Path | None = None  # a configuration without pyproject.toml: a project above may name it as its own
    for folder in (start, *start.parents):
        has_default = os.path.lexists(folder / CONFIG_NAME)  # whatever it is: reading it reports what is not a file
        if os.path.lexists(folder / PYPROJECT_NAME):
            pyproject = peek_pyproject(folder)
            named = _named_config(pyproject, os.environ)
            if lone is None and (named or has_default):
                return pyproject
            if lone is not None and named and (folder / named).resolve() == lone / CONFIG_NAME:
                return pyproject
        elif has_default and lone is None:
            lone = folder
    return None if lone is None else Pyproject(lone)


def config_file(pyproject: Pyproject, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the file that describes the workflow of a project, which may not exist."""
    return pyproject.root / (_named_config(pyproject, environ) or CONFIG_NAME)


def _named_config(pyproject: Pyproject, environ: Mapping[str, str]) -> str | None:
    """Return the value of the option `config`, None if it is not set or cannot be used."""
    named = environ.get(CONFIG_VARIABLE) or options_table(pyproject).get("config")
    return named if isinstance(named, str) and named.strip() else None
