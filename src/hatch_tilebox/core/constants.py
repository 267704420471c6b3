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

REPOSITORY_EXCLUDE = ".git/info/exclude"
