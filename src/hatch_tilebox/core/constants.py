"""Names of files, folders and variables that several packages use."""

from __future__ import annotations

CONFIG_NAME = "tilebox.workflow.toml"
PYPROJECT_NAME = "pyproject.toml"
HATCH_FILE = "hatch.toml"
LOCK_NAME = "uv.lock"
UV_FILES = ("uv.toml", ".python-version", ".python-versions")
"""What uv reads beside pyproject.toml and the lock."""
RELEASE_SUFFIX = ".tbrelease"
SBOM_SUFFIX = ".cdx.json"
PROVENANCE_SUFFIX = ".provenance.json"
SIGNATURE_SUFFIX = ".provenance.sigstore.json"

CONFIG_VARIABLE = "HATCH_TILEBOX_CONFIG"
SKIP_VARIABLE = "HATCH_TILEBOX_SKIP"
ACTIVE_VARIABLE = "HATCH_TILEBOX_ACTIVE"
"""Set in every process that discovery starts: the hook does nothing in builds that discovery causes."""

PLUGIN_GROUP = "hatch_tilebox"
"""The entry-point group of plugins."""

MANIFEST_PATH = ".tilebox/release.json"
"""The path of the manifest in a release."""

SDIST_RECORD = ".tilebox-sdist.json"
"""The record in an sdist of the files that are not the release's."""

REPOSITORY_EXCLUDE = ".git/info/exclude"
OPTIONS_PLACE = "under [tool.hatch.build.hooks.tilebox] in pyproject.toml"
"""Where the options of a build are written, for hints."""
