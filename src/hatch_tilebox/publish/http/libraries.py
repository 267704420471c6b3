"""The libraries of the extra `publish`. Importing this module raises PublishError if one is missing."""

from __future__ import annotations

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.extras import install_command

try:
    import httpx
    import tenacity
except ModuleNotFoundError as error:
    if error.name not in {"httpx", "tenacity"}:
        raise
    message = f"publishing to Tilebox and to OCI registries needs {error.name}, which is not installed"
    missing = Problem(message, hint=install_command("cli,publish"), code="TBX509")
    raise PublishError(missing) from None

__all__ = ["httpx", "tenacity"]
