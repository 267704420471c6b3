"""Tests that need programs."""

from __future__ import annotations

import os
import shutil

import pytest


def needs_tool(*names: str, path: str | None = None) -> None:
    """Skip the test if one of these programs is missing. In CI, which installs them, the test fails instead."""
    if missing := [name for name in names if not shutil.which(name, path=path)]:
        leave_out(f"{', '.join(missing)}: not installed here")


def leave_out(reason: str) -> None:
    """Skip the test because something is missing. In CI, the test fails instead."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason}; CI has to have it", pytrace=False)
    pytest.skip(reason)
