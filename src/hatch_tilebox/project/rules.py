"""Rules for values of `tilebox.workflow.toml`. Each function returns what is wrong with a text, None if it is valid."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import TYPE_CHECKING

from hatch_tilebox.core.identifiers import SLUG_LENGTH, SLUG_PATTERN, is_import_path, is_reserved, slug_fault

if TYPE_CHECKING:
    from typing import Any

_IDENTIFIER = "[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*"
_RUNNER_PATTERN = rf"^{_IDENTIFIER}(\.{_IDENTIFIER})*:{_IDENTIFIER}(\.{_IDENTIFIER})*$"
_BAD_RUNNER = r"\.py:"  # a file name, though it could be a module `py` in a package
_PLATFORM = r"linux-(x86_64|aarch64)-cp3[1-9]\d"

# A `\` escapes a wildcard. Before other characters, and between a name and a `*` or `?`, it is probably a separator of Windows.
_SEPARATING_BACKSLASH = r"\\([^*?\[\]{}\\,!^-]|$)|[\w.-]\\[*?]"

_NUMBER_ABOVE_0 = r"(0*[1-9]\d*(\.\d+)?|0+\.\d*[1-9]\d*)"
_SIZE_PATTERN = rf"^\s*{_NUMBER_ABOVE_0}\s*([kKmMgGtT]?[iI]?[bB])?\s*$"

# What a value must not be, in JSON Schema. Editors print the reference to a definition, so its name is the message; a pattern
# would be printed as it is.
REFUSED: dict[str, dict[str, Any]] = {
    "both-runner-and-command": {"required": ["runner", "command"]},
    "only-spaces": {"type": "string", "pattern": r"^\s*$"},
    "anything-but-letters-digits-and-hyphens": {"type": "string", "not": {"pattern": f"^{SLUG_PATTERN}$"}},
    "anything-but-module:object": {"type": "string", "not": {"pattern": _RUNNER_PATTERN}},
    "the-path-of-a-file": {"type": "string", "pattern": _BAD_RUNNER},
    "an-absolute-path": {"type": "string", "pattern": r"^/|^[A-Za-z]:"},
    "an-absolute-pattern": {"type": "string", "pattern": r"^/|^[A-Za-z]:[\\/]"},
    "a-pattern-outside-the-root": {"type": "string", "pattern": r"(^|/)\.\.(/|$)"},
    "a-pattern-with-backslashes-between-folders": {"type": "string", "pattern": _SEPARATING_BACKSLASH},
    "a-path-with-backslashes": {"type": "string", "pattern": r"\\"},
    "anything-but-linux-MACHINE-cpVERSION": {"type": "string", "not": {"pattern": f"^{_PLATFORM}$"}},
    "anything-but-a-size-such-as-500-MB": {"type": "string", "not": {"pattern": _SIZE_PATTERN}},
}
SLUG = ("anything-but-letters-digits-and-hyphens",)
RUNNER = ("anything-but-module:object", "the-path-of-a-file")
ROOT = ("only-spaces", "an-absolute-path", "a-path-with-backslashes")
GLOB = ("only-spaces", "an-absolute-pattern", "a-pattern-outside-the-root", "a-pattern-with-backslashes-between-folders")
PLATFORM = ("anything-but-linux-MACHINE-cpVERSION",)


def check_slug(text: str) -> str | None:
    """Check the slug of a workflow or cluster."""
    if slug_fault(text) is None:
        return None
    if len(text) > SLUG_LENGTH:
        return f"a slug has at most {SLUG_LENGTH} characters, this one has {len(text)}"
    better = re.sub("[^A-Za-z0-9]+", "-", text).strip("-")
    end = f'; did you mean "{better}"?' if better and text.isascii() else ""
    return f'"{text}" is not a slug: letters A-Z and a-z, digits and hyphens{end}'


def check_pattern(text: str) -> str | None:
    """Check a glob of `include` or `exclude`, without looking at files."""
    if text.startswith("/") or re.match(r"[A-Za-z]:[\\/]", text):
        return f'"{text}" is absolute; a pattern is relative to the root of the workflow'
    if re.search(_SEPARATING_BACKSLASH, text):
        better = text.replace("\\", "/")
        return f'"{text}" has a backslash between folders; did you mean "{better}"?'
    if ".." in text.split("/"):
        return f'"{text}" leaves the root of the workflow; `..` is not allowed'
    return None


def check_variable(text: str) -> str | None:
    """Check the name of an environment variable, or a pattern of names."""
    if is_reserved(text.replace("*", "")):
        end = "; a release runner brings its own" if text.upper().startswith("TILEBOX_API_") else ""
        return f'"{text}" cannot be passed: a build sets or drops it{end}'
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_*]*", text):
        return None
    if text.startswith("*"):
        return f'"{text}" is too general: it must begin with a letter or _, such as "ACME_*"'
    if "=" in text:
        return "write the name alone: values do not belong in a project; set one with `--env NAME=VALUE`"
    return f'"{text}" is not the name of an environment variable'


def check_platform(text: str) -> str | None:
    """Check the platform of a release runner."""
    if re.fullmatch(_PLATFORM, text):
        return None
    return f'"{text}" is not a platform: write linux-MACHINE-cpVERSION, such as linux-x86_64-cp312; MACHINE is x86_64 or aarch64'


def check_root(text: str) -> str | None:
    """Check the root folder, without looking at files."""
    return _check_path(text, "the root is relative to the folder of this file")


def _check_path(text: str, advice: str) -> str | None:
    """Check that a path is relative, with `/` between its parts. `advice` is for an absolute one."""
    if text.startswith("/") or re.match(r"[A-Za-z]:", text):
        return f'"{text}" is absolute; {advice}'
    if "\\" in text:
        better = text.replace("\\", "/")
        return f'"{text}" has a backslash; did you mean "{better}"?'
    return None


def check_runner(text: str) -> str | None:
    """Check the `module:object` of a runner, both Python identifiers with dots between them."""
    if _is_importable(text) and not re.search(_BAD_RUNNER, text):
        return None
    keyword = next((part for part in re.split("[.:]", text) if iskeyword(part)), None)
    if keyword:
        return f'"{text}" cannot be imported: "{keyword}" is a keyword of Python'
    return f'"{text}" {_advise_on_runner(text)}'


def _advise_on_runner(text: str) -> str:
    """Return what is wrong, with a suggestion for a file path, a module alone, a call, a command line, or a name with hyphens."""
    if text.endswith(")"):
        return "is a call; assign its result to a name in the module, and write module:name"
    if ":" not in text and len(text.split()) > 1:
        array = ", ".join(f'"{word}"' for word in text.split())
        return f"is not of the form module:object; write a command line as command = [{array}]"
    module, _, target = re.sub(r"\s", "", text).replace("\\", "/").replace("::", ":").partition(":")
    module = re.sub(r"\.py$", "", re.sub(r"^(\./)*(src/)?", "", module))
    module = module.replace("/", ".").replace("-", "_").strip(".")
    parts = module.split(".")
    if not target and len(parts) > 1 and parts[-1] == parts[-2]:
        module = ".".join(parts[:-1])
    fixed = f"{module}:{target or 'runner'}"
    end = f'did you mean "{fixed}"?' if _is_importable(fixed) else 'an example is "my_workflow.runner:runner"'
    return f"is not of the form module:object; {end}"


def _is_importable(text: str) -> bool:
    return is_import_path(text) and not any(map(iskeyword, re.split("[.:]", text)))


def check_inside(text: str) -> str | None:
    """Check the path of a file in the project or in the root of the workflow, with `/` between its parts."""
    if message := _check_path(text, "write a relative path"):
        return message
    return f'"{text}" leads outside; `..` is not allowed' if ".." in text.split("/") else None


def check_file_name(text: str) -> str | None:
    """Check the exact path of one file in a release."""
    if message := check_inside(text):
        return message
    if "*" in text:
        return f'"{text}" has a wildcard; name each file by its path'
    better = "/".join(part for part in text.split("/") if part not in {"", "."})
    return None if better == text else f'"{text}" is not a plain path; did you mean "{better}"?'
