"""`tilebox.workflow.toml` and our tables in `pyproject.toml`, read into checked values."""

from __future__ import annotations

from hatch_tilebox.config.options import BuildOptions, load_options
from hatch_tilebox.config.project import config_file, find_project
from hatch_tilebox.config.workflow import WorkflowConfig, check_root_inside, load_config

__all__ = ["BuildOptions", "WorkflowConfig", "check_root_inside", "config_file", "find_project", "load_config", "load_options"]
