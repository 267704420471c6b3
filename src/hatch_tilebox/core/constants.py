"""Names of files, folders and variables that more than one floor knows.

Apart from what else these floors have, for an sdist asks for little more than names and must not pay for the rest.
"""

from __future__ import annotations

CONFIG_NAME = "tilebox.workflow.toml"
PYPROJECT_NAME = "pyproject.toml"
HATCH_FILE = "hatch.toml"
LOCK_NAME = "uv.lock"
RELEASE_SUFFIX = ".tbrelease"

CONFIG_VARIABLE = "HATCH_TILEBOX_CONFIG"
SKIP_VARIABLE = "HATCH_TILEBOX_SKIP"
ACTIVE_VARIABLE = "HATCH_TILEBOX_ACTIVE"
"""Set in every process that discovery starts: a build that asks for our hook there is one that we caused ourselves."""

SDIST_RECORD = ".tilebox-sdist.json"
"""What an sdist says about files in it that are not the release's."""

NEVER_SHIPPED = frozenset({
    ".git", ".hg", ".svn",  # the history, which has its own ways to travel
    "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints",
    ".tox", ".nox", ".hatch",
    ".DS_Store",
    "PKG-INFO", SDIST_RECORD,  # what an sdist adds to the files of a project: a release built from one would differ
})  # fmt: skip
NEVER_SHIPPED_SUFFIXES = (".pyc", ".pyo", ".egg-info", RELEASE_SUFFIX)
""".egg-info" is what setuptools writes beside packages whenever it is asked for anything."""
ENVIRONMENT_MARK = "pyvenv.cfg"

REPOSITORY_EXCLUDE = ".git/info/exclude"
