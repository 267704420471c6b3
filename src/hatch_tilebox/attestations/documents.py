"""Reads files beside an archive, which nobody has checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.paths import open_regular

if TYPE_CHECKING:
    from pathlib import Path


def read_document(path: Path, limit: int) -> bytes | None:
    """Return the content of a file of at most `limit` bytes, None if it is missing. Raises ValueError if it cannot be read."""
    try:
        with open_regular(path) as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(content) > limit:
        msg = f"it has more than {limit // 2**20} MiB"
        raise ValueError(msg)
    return content
