"""The `UV_…` variables of the user's environment that release runners do not have, so builds must not depend on them.

Source: https://docs.astral.sh/uv/reference/environment/
"""

from __future__ import annotations

DEFAULT_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
"""One URL each; the first that is set is used."""
EXTRA_INDEXES = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
"""URLs separated by spaces; the first variable also takes `name=URL`."""
FIND_LINKS = "UV_FIND_LINKS"
"""Folders and URLs, separated by commas."""

_DROPPED = frozenset({
    # the sources of packages
    *DEFAULT_INDEX, *EXTRA_INDEXES, FIND_LINKS,
    "UV_INDEX_STRATEGY", "UV_NO_INDEX", "UV_NO_SOURCES", "UV_NO_SOURCES_PACKAGE", "UV_TORCH_BACKEND",
    # the versions
    "UV_BUILD_CONSTRAINT", "UV_CONSTRAINT", "UV_EXCLUDE", "UV_EXCLUDE_NEWER", "UV_EXCLUDE_NEWER_PACKAGE", "UV_FORK_STRATEGY",
    "UV_OVERRIDE", "UV_PRERELEASE", "UV_PRERELEASE_PACKAGE", "UV_RESOLUTION", "UV_UPGRADE",
    # the files of a version, and how they are checked
    "UV_GIT_LFS", "UV_INSECURE_NO_ZIP_VALIDATION", "UV_NO_BINARY", "UV_NO_BINARY_PACKAGE", "UV_NO_BUILD_ISOLATION",
    "UV_SKIP_WHEEL_FILENAME_CHECK",
    # all of these in a file
    "UV_CONFIG_FILE", "UV_NO_CONFIG",
    # another project or environment
    "UV_ACTIVE", "UV_ENV_FILE", "UV_ISOLATED", "UV_NO_PROJECT", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_RUN_RECURSION_DEPTH",
    "UV_SYSTEM_PYTHON", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY",
    # another part of the lock
    "UV_DEV", "UV_FROZEN", "UV_LOCKED", "UV_NO_DEFAULT_GROUPS", "UV_NO_DEV", "UV_NO_EDITABLE", "UV_NO_GROUP",
    "UV_NO_INSTALL_LOCAL", "UV_NO_INSTALL_PROJECT", "UV_NO_INSTALL_WORKSPACE", "UV_NO_SYNC",
})  # fmt: skip


def drops_variable(name: str) -> bool:
    """Whether the variable `name` makes uv resolve, install or run something else than on a release runner.

    False for variables about reaching and trusting hosts: proxies, certificates, time limits, caches, credentials
    (`UV_INDEX_NAME_PASSWORD`), offline use, sources of interpreters. Also false for `UV_NO_BUILD` and similar ones, which only
    refuse to build.
    """
    return name.upper() in _DROPPED or name.upper().startswith("UV_INTERNAL__")
