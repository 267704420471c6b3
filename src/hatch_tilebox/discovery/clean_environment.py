"""The environment variables that processes get which run code of a workflow, or install what it needs.

They are what a process needs to run on this machine, and nothing else: the code of a project and of its dependencies sees no key,
password or token of the user who builds it. `pass-environment` and `--env` let more through, by name.
"""

from __future__ import annotations

import fnmatch
import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.file_names import NAMES_ARE_UTF8
from hatch_tilebox.core.variables import is_reserved
from hatch_tilebox.discovery.uv import search_path
from hatch_tilebox.discovery.uv_variables import drops_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["API_KEY", "API_URL", "Passed", "install_environment", "passed_variables", "workflow_environment"]

API_KEY = "no-key"
API_URL = "http://127.0.0.1:9"
"""Where nothing answers: port 9 is the discard service's, which takes what it gets and sends nothing.

A release runner gives its workers a key and an address, and without them a `Client()` at the top of a module fails. SDKs from 0.64
send their logs to that address while they are imported: `OTEL_SDK_DISABLED`, OpenTelemetry's own switch, lets no exporter try.
"""

_NEEDED = frozenset({
    "HOME", "USER", "LOGNAME", "SHELL", "TZ", "TZDIR", "TERM", "TMPDIR", "TEMP", "TMP",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
    "XDG_BIN_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME",
    "XDG_DATA_DIRS", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
    "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
    "CURL_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NIX_SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "ALLUSERSPROFILE", "APPDATA", "COMMONPROGRAMFILES", "LOCALAPPDATA", "PROGRAMDATA",
    "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "PUBLIC",
    "COMSPEC", "HOMEDRIVE", "HOMEPATH", "OS", "PATHEXT", "SYSTEMDRIVE", "SYSTEMROOT", "USERNAME", "USERPROFILE", "WINDIR",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE", "PROCESSOR_ARCHITEW6432", "__CF_USER_TEXT_ENCODING",
})  # fmt: skip
_LOCALE = frozenset({"LANG", "LANGUAGE"})
_LOCALE_PREFIX = "LC_"
_FOR_INSTALLING = frozenset({
    "DBUS_SESSION_BUS_ADDRESS", "NETRC", "PYENV_ROOT", "PYENV_VERSION", "SSH_AGENT_PID", "SSH_AUTH_SOCK", "SSL_CLIENT_CERT",
    "GIT_ASKPASS", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_TERMINAL_PROMPT",
    "AR", "CC", "CFLAGS", "CPATH", "CPP", "CPPFLAGS", "CXX", "CXXFLAGS", "C_INCLUDE_PATH", "INCLUDE",
    "LD", "LDFLAGS", "LIB", "LIBPATH", "LIBRARY_PATH", "PKG_CONFIG", "PKG_CONFIG_PATH",
    "ARCHFLAGS", "CARGO_HOME", "DEVELOPER_DIR", "MACOSX_DEPLOYMENT_TARGET", "RUSTUP_HOME", "SDKROOT", "VCINSTALLDIR",
})  # fmt: skip
"""What uv needs to reach sources and to build those that have no wheel; the workflow's own code does not get it."""
_LOGINS = ("_USERNAME", "_PASSWORD", "_TOKEN", "_PROVIDER", "CREDENTIALS")
"""How the names of those `UV_…` variables end that hold or find logins."""


def install_environment(passed: Mapping[str, str] | None = None, **extra: str) -> dict[str, str]:
    """The environment of uv where it resolves, downloads, builds and installs; `passed` and `extra` go in as they are."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if _is_needed(name.upper()) or name.upper() in _FOR_INSTALLING or _is_of_uv(name.upper())
    }
    return {**kept, **(passed or {}), "PATH": search_path(), **extra}


def workflow_environment(passed: Mapping[str, str] | None = None, **extra: str) -> dict[str, str]:
    """The environment of a process that runs code of the workflow; `passed` and `extra` go in as they are."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if _is_needed(name.upper()) or (_is_of_uv(name.upper()) and not name.upper().endswith(_LOGINS))
    }
    placeholders = {"TILEBOX_API_KEY": API_KEY, "TILEBOX_API_URL": API_URL, "OTEL_SDK_DISABLED": "true"}
    return {**kept, **(passed or {}), **placeholders, "PATH": search_path(), **extra}


class Passed(dict[str, str]):
    """Variables that the user lets through, with their values. `patterns` are all names that were asked for, set or not."""

    patterns: tuple[str, ...] = ()

    def asked(self, name: str) -> bool:
        """Whether the variable `name` is let through where it is set."""
        return name in self or any(_fits(name, pattern) for pattern in self.patterns)

    @property
    def exact(self) -> tuple[str, ...]:
        """The names that were asked for one by one."""
        return tuple(sorted(pattern for pattern in self.patterns if "*" not in pattern))


def passed_variables(patterns: Iterable[str], environ: Mapping[str, str] | None = None) -> Passed:
    """The variables that `patterns` let through, sorted by name.

    A pattern is a name, in which `*` stands for any characters, or `NAME=VALUE`, which sets the variable; a later one counts. No
    `*` stands for a variable that a build sets or drops itself, such as `TILEBOX_API_KEY`.
    """
    environ = os.environ if environ is None else environ
    found: dict[str, str] = {}
    patterns = tuple(patterns)
    for pattern in patterns:
        name, sets, value = pattern.partition("=")
        if sets:
            found[name] = value
        else:
            found.update({key: environ[key] for key in environ if _fits(key, name)})
    passed = Passed(sorted(found.items()))
    passed.patterns = tuple(dict.fromkeys(pattern.partition("=")[0] for pattern in patterns))
    return passed


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(_folded(name), _folded(pattern)) and not ("*" in pattern and is_reserved(name))


def _folded(name: str) -> str:
    """On Windows upper and lower case of a variable are one."""
    return name.upper() if os.name == "nt" else name


def _is_needed(name: str) -> bool:
    if name in _LOCALE or name.startswith(_LOCALE_PREFIX):
        return NAMES_ARE_UTF8  # another locale spells names of files otherwise than release runners; with none Python takes UTF-8
    return name in _NEEDED


def _is_of_uv(name: str) -> bool:
    return name == "UV" or (name.startswith("UV_") and not name.startswith("UV_PUBLISH_") and not drops_variable(name))
