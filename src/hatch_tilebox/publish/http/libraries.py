"""The libraries of the extra `publish`. Importing this module raises PublishError if one is missing."""

from __future__ import annotations

from hatch_tilebox.core.errors import Problem, PublishError

try:
    import httpx
    import tenacity
except ModuleNotFoundError as error:
    if error.name not in {"httpx", "tenacity"}:
        raise
    missing = Problem(
        f"this destination needs {error.name}, which is not installed", hint='pip install "hatch-tilebox[publish]"', code="TBX509"
    )
    raise PublishError(missing) from None

__all__ = ["httpx", "tenacity"]
