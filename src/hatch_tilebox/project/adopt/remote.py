"""The workflow of an adopted project, created at Tilebox."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.project.adopt.plan import Adoption, Change

_SLUG = re.compile(r'^slug = ".*"$', re.MULTILINE)


def require_new_config(adoption: Adoption, name: str) -> None:
    """Note that the workflow is created when the changes are written.

    Raises ConfigError if the project has a configuration already: it names its workflow.
    """
    if not any(map(_is_new_config, adoption.changes)):
        message = f"{adoption.root} has a {CONFIG_NAME} already, so no workflow is created"
        raise ConfigError(
            Problem(message, hint="leave out --create, or write the slug of another workflow into that file", code="TBX801")
        )
    # The note about the slug that was derived from the name does not apply.
    adoption.notes[:] = [note for note in adoption.notes if not note.message.startswith("the slug ")]
    adoption.notes.append(
        Problem(f"the workflow {name!r} is created at Tilebox, and its slug replaces the one above", code="TBX801")
    )


def create_remotely(adoption: Adoption, create: Callable[[], str]) -> str:
    """Create the workflow, write its slug into the planned configuration, and return the slug."""
    slug = create()
    adoption.changes = [
        replace(change, after=_SLUG.sub(f'slug = "{slug}"', change.after, count=1)) if _is_new_config(change) else change
        for change in adoption.changes
    ]
    return slug


def _is_new_config(change: Change) -> bool:
    return change.path == CONFIG_NAME and change.before is None
