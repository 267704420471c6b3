"""The workflow's own interpreter: prepared from its lock, started on the selected files, asked for its tasks."""

from __future__ import annotations

from hatch_tilebox.runtime.clean_environment import passed_variables
from hatch_tilebox.runtime.discovery import Discovery, Level, discover_tasks
from hatch_tilebox.runtime.uv import find_uv

__all__ = ["Discovery", "Level", "discover_tasks", "find_uv", "passed_variables"]
