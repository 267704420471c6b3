"""Warnings about values of the project that are valid, and that a release runner or Tilebox cannot use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.identifiers import is_placeholder
from hatch_tilebox.core.runner_image import PYTHONS, pythons_for

if TYPE_CHECKING:
    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.pyproject import Pyproject


def project_warnings(config: WorkflowConfig, pyproject: Pyproject, requires_python: str | None) -> tuple[Problem, ...]:
    """Return warnings about the slug and about `requires-python` of a project."""
    warnings = []
    slug = config.workflow.slug
    if is_placeholder(slug):
        message = f'workflow.slug: "{slug}" is a placeholder, not the slug of a workflow'
        hint = "write the slug that Tilebox gave the workflow; hatch-tilebox init, or the console, creates a workflow"
        warnings.append(Problem(message, hint, config.location("workflow.slug"), code="TBX016"))
    if requires_python and not pythons_for(requires_python):
        pythons = ", ".join(PYTHONS)
        message = f'project.requires-python: "{requires_python}" excludes {pythons}, the interpreters of Tilebox\'s runner image'
        hint = f"allow one of them, such as >={PYTHONS[0]}, unless your release runners have another Python"
        location = pyproject.location("project", "requires-python")
        warnings.append(Problem(message, hint, location, code="TBX017"))
    return tuple(warnings)
