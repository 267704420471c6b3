"""Programs that tests call and a machine may lack."""

from __future__ import annotations

import os
import shutil

import pytest


def needs_tool(*names: str, path: str | None = None) -> None:
    """Leave the test out where one of these programs is missing; in CI, which installs them, it fails instead."""
    if missing := [name for name in names if not shutil.which(name, path=path)]:
        leave_out(f"{', '.join(missing)}: not installed here")


def leave_out(reason: str) -> None:
    """Leave the test out for lack of something that CI has."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason}; CI has to have it", pytrace=False)
    pytest.skip(reason)
