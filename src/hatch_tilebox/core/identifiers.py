"""Checks of names, versions, slugs and other identifiers from outside.

They become names of files and folders, tags, parts of URLs and arguments of programs. Each function named `..._fault` returns what
is wrong with a text, None if it is valid.

Sources: PEP 508 and PEP 440 as `packaging` implements them, and Tilebox's published API definitions.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from hatch_tilebox.core.task_versions import parse_task_version

if TYPE_CHECKING:
    from collections.abc import Callable

# Source: the field constraints of CreateWorkflowRequest and GetWorkflowRequest in Tilebox's published API definitions.
SLUG_PATTERN = "[A-Za-z0-9-]+"
SLUG_LENGTH = 100
_PLACEHOLDER = r"placeholder|change-?me|^(replace|change|insert|enter|put)-(me|this|with|your)\b|^your-|(^|-)(your|workflow)-slug"
MAX_TEXT = 1000
"""The largest number of characters of a name, a version or a specifier: any real one is shorter, and every parser can take it."""

_RESERVED = (
    r"PATH|VIRTUAL_ENV.*|PYTHON.*|UV|UV_.*|HATCH_.*|PIP_.*_TRACKER|_PYPROJECT_HOOKS_.*|PEP517_.*|__PYVENV_LAUNCHER__"
    r"|TILEBOX_(API|RUNTIME|WORKER)_.*|OTEL_SDK_DISABLED"
)

# `packaging` is imported where it is used: an sdist and an editable build need none of it, and it takes 10 ms.


def normalized_name(name: str) -> str:
    """Return the name of a package in its normal form: "My_Package" is "my-package"."""
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def requirement_name(requirement: str) -> str:
    """Return the normal name of the package that a requirement such as "Click[extra] >= 8" names, "" if it is invalid."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return normalized_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""


def name_fault(text: str) -> str | None:
    """Check the name of a project: PEP 508."""
    from packaging.utils import canonicalize_name

    fine = _is_plain(text) and _is_accepted(partial(canonicalize_name, validate=True), text)
    rule = "ASCII letters, digits, '-', '_' and '.', with a letter or digit at both ends"
    return None if fine else f"must be the name of a project: {rule}"


def version_fault(text: str) -> str | None:
    """Check the version of a project: PEP 440."""
    from packaging.version import Version

    fine = _is_plain(text) and _is_accepted(Version, text)
    return None if fine else "must be a version such as 1.0 or 2.1.dev3+local (PEP 440)"


def requirement_fault(text: str) -> str | None:
    """Check a range of Python versions, as in `requires-python`: PEP 440."""
    from packaging.specifiers import SpecifierSet

    fine = len(text) <= MAX_TEXT and _is_plain(text.replace(" ", "")) and _is_accepted(SpecifierSet, text)
    return None if fine else "must be a range of versions such as >=3.10 (PEP 440)"


def slug_fault(text: str) -> str | None:
    """Check the slug of a workflow or cluster."""
    if len(text) <= SLUG_LENGTH and re.fullmatch(SLUG_PATTERN, text):
        return None
    return f"must be a slug: 1 to {SLUG_LENGTH} ASCII letters, digits and hyphens"


def is_placeholder(slug: str) -> bool:
    """Whether a slug is one that templates leave to be replaced, such as `replace-with-your-workflow-slug`."""
    return re.search(_PLACEHOLDER, slug.lower()) is not None


def runner_fault(text: str) -> str | None:
    """Check the import path of a runner: `module:object`; both may have dots."""
    return None if is_import_path(text) else "must be of the form module:object"


def task_version_fault(text: str) -> str | None:
    """Check the version of a task."""
    return None if parse_task_version(text) else "must be of the form v1.0"


def variable_fault(text: str) -> str | None:
    """Check the name of an environment variable."""
    fine = len(text) <= MAX_TEXT and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text)
    return None if fine else "must be the name of an environment variable"


def is_reserved(variable: str) -> bool:
    """Whether a build sets or drops an environment variable itself, so that users cannot pass it to the code of a workflow."""
    return re.fullmatch(_RESERVED, variable.upper()) is not None


def is_import_path(text: str) -> bool:
    """Whether `text` is `module:object` of Python identifiers."""
    module, colon, target = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *target.split(".")))


def is_digest(text: str) -> bool:
    """Whether `text` is a SHA-256 as 64 hex digits in lower case."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def _is_plain(text: str) -> bool:
    """Whether `text` is short printable ASCII without spaces, which parsers that strip or fold case would accept around it."""
    return len(text) <= MAX_TEXT and text.isascii() and text.isprintable() and " " not in text


def _is_accepted(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:  # each parser's own error is one, and so is the error for a number of thousands of digits
        return False
    return True
