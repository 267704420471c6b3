"""The environment variables that users cannot pass to the code of a workflow."""

from __future__ import annotations

import re

_RESERVED = (
    r"PATH|VIRTUAL_ENV.*|PYTHON.*|UV|UV_.*|HATCH_.*|PIP_.*_TRACKER|_PYPROJECT_HOOKS_.*|PEP517_.*|__PYVENV_LAUNCHER__"
    r"|TILEBOX_(API|RUNTIME|WORKER)_.*|OTEL_SDK_DISABLED"
)


def is_reserved(name: str) -> bool:
    """Whether a build sets or drops the variable `name` itself, so that it cannot be passed."""
    return re.fullmatch(_RESERVED, name.upper()) is not None
