"""Which `UV_…` variables of the user's environment a release runner lacks, so that a build must not count on them.

Source: https://docs.astral.sh/uv/reference/environment/
"""

from __future__ import annotations

__all__ = ["DEFAULT_INDEX", "EXTRA_INDEXES", "FIND_LINKS", "drops_variable"]

DEFAULT_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
"""One URL each; the first that is set counts."""
EXTRA_INDEXES = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
"""URLs with spaces between them, `name=URL` in the first."""
FIND_LINKS = "UV_FIND_LINKS"
"""Folders and URLs with commas between them."""

_RESOLUTION = frozenset(
    {
        # where packages come from
        *DEFAULT_INDEX,
        *EXTRA_INDEXES,
        FIND_LINKS,
        "UV_INDEX_STRATEGY",
        "UV_NO_INDEX",
        "UV_NO_SOURCES",
        "UV_NO_SOURCES_PACKAGE",
        "UV_TORCH_BACKEND",
        # which versions
        "UV_BUILD_CONSTRAINT",
        "UV_CONSTRAINT",
        "UV_EXCLUDE",
        "UV_EXCLUDE_NEWER",
        "UV_EXCLUDE_NEWER_PACKAGE",
        "UV_FORK_STRATEGY",
        "UV_OVERRIDE",
        "UV_PRERELEASE",
        "UV_PRERELEASE_PACKAGE",
        "UV_RESOLUTION",
        "UV_UPGRADE",
        # which file of a version, and what is checked of it
        "UV_GIT_LFS",
        "UV_INSECURE_NO_ZIP_VALIDATION",
        "UV_NO_BINARY",
        "UV_NO_BINARY_PACKAGE",
        "UV_NO_BUILD_ISOLATION",
        "UV_SKIP_WHEEL_FILENAME_CHECK",
        # all of these, from a file
        "UV_CONFIG_FILE",
        "UV_NO_CONFIG",
    }
)
_COMMAND = frozenset(
    {
        # another project or environment
        "UV_ACTIVE",
        "UV_ENV_FILE",
        "UV_ISOLATED",
        "UV_NO_PROJECT",
        "UV_PROJECT",
        "UV_PROJECT_ENVIRONMENT",
        "UV_RUN_RECURSION_DEPTH",
        "UV_SYSTEM_PYTHON",
        "UV_WORKING_DIR",
        "UV_WORKING_DIRECTORY",
        # another part of the lock
        "UV_DEV",
        "UV_FROZEN",
        "UV_LOCKED",
        "UV_NO_DEFAULT_GROUPS",
        "UV_NO_DEV",
        "UV_NO_EDITABLE",
        "UV_NO_GROUP",
        "UV_NO_INSTALL_LOCAL",
        "UV_NO_INSTALL_PROJECT",
        "UV_NO_INSTALL_WORKSPACE",
        "UV_NO_SYNC",
    }
)
_INTERNAL = "UV_INTERNAL__"


def drops_variable(name: str) -> bool:
    """Whether the variable `name` makes uv resolve, install or run something else than it does on a release runner.

    What is about reaching and trusting hosts stays: proxies, certificates, time limits, caches, logins (`UV_INDEX_NAME_PASSWORD`),
    offline use, where interpreters come from. So do `UV_NO_BUILD` and its like: they only refuse.
    """
    upper = name.upper()
    return upper in _RESOLUTION or upper in _COMMAND or upper.startswith(_INTERNAL)
