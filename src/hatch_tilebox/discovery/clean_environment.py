"""The environment variables of processes that run code of a workflow or install its dependencies.

They get only what a process needs on this machine, so the code of a project and of its dependencies does not see keys, passwords
and tokens of the user who builds it. `pass-environment` and `--env` pass more variables, by name.
"""

from __future__ import annotations

import fnmatch
import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.file_names import NAMES_ARE_UTF8
from hatch_tilebox.core.identifiers import is_reserved
from hatch_tilebox.discovery.uv import search_path
from hatch_tilebox.discovery.uv_variables import drops_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

API_KEY = "no-key"
API_URL = "http://127.0.0.1:9"
"""An address where nothing answers: port 9 is for the discard service, which never sends a response.

A release runner gives its workers a key and an address, and `Client()` at the top of a module fails without them. SDKs from 0.64
send logs to that address while they are imported, so `OTEL_SDK_DISABLED`, a variable of OpenTelemetry, turns all exporters off.
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
"""Variables that uv needs to download and build packages. The workflow's own code does not get them."""
_CREDENTIALS = ("_USERNAME", "_PASSWORD", "_TOKEN", "_PROVIDER", "CREDENTIALS")
"""Endings of `UV_…` variables that hold credentials or configure how uv finds them."""


def install_environment(passed: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of uv for resolving, downloading, building and installing, with `passed` added unchanged."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if _is_needed(name.upper()) or name.upper() in _FOR_INSTALLING or _configures_uv(name.upper())
    }
    return {**kept, **(passed or {}), "PATH": search_path()}


def workflow_environment(passed: Mapping[str, str] | None = None, **extra: str) -> dict[str, str]:
    """The environment of a process that runs code of the workflow, with `passed` and `extra` added unchanged."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if _is_needed(name.upper()) or (_configures_uv(name.upper()) and not name.upper().endswith(_CREDENTIALS))
    }
    placeholders = {"TILEBOX_API_KEY": API_KEY, "TILEBOX_API_URL": API_URL, "OTEL_SDK_DISABLED": "true"}
    return {**kept, **(passed or {}), **placeholders, "PATH": search_path(), **extra}


class PassedVariables(dict[str, str]):
    """Variables that the user passes to the workflow, with their values. `patterns` are the requested names, set or not."""

    patterns: tuple[str, ...] = ()

    def requests(self, name: str) -> bool:
        """Whether the variable `name` is passed if it is set."""
        return name in self or any(_fits(name, pattern) for pattern in self.patterns)

    @property
    def exact(self) -> tuple[str, ...]:
        """The requested names without `*`."""
        return tuple(sorted(pattern for pattern in self.patterns if "*" not in pattern))


def passed_variables(patterns: Iterable[str], environ: Mapping[str, str] | None = None) -> PassedVariables:
    """The variables that `patterns` pass, sorted by name.

    A pattern is a name, in which `*` matches any characters, or `NAME=VALUE`, which sets the variable; the last one wins. `*` never
    matches a variable that a build sets or removes itself, such as `TILEBOX_API_KEY`.
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
    passed = PassedVariables(sorted(found.items()))
    passed.patterns = tuple(dict.fromkeys(pattern.partition("=")[0] for pattern in patterns))
    return passed


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(_folded(name), _folded(pattern)) and not ("*" in pattern and is_reserved(name))


def _folded(name: str) -> str:
    """`name` in upper case on Windows, where the names of variables are not case-sensitive."""
    return name.upper() if os.name == "nt" else name


def _is_needed(name: str) -> bool:
    if name in _LOCALE or name.startswith(_LOCALE_PREFIX):
        return NAMES_ARE_UTF8  # another locale encodes file names differently from release runners; without one Python uses UTF-8
    return name in _NEEDED


def _configures_uv(name: str) -> bool:
    return name == "UV" or (name.startswith("UV_") and not name.startswith("UV_PUBLISH_") and not drops_variable(name))
