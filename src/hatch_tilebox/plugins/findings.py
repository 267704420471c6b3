"""Values of release checks: the files that a check sees, and the findings that it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.core.errors import Location


@dataclass(frozen=True)
class ReleaseFile:
    """A file of a release, as a release check sees it.

    Attributes:
        path: The path inside the release, with `/` between its parts.
        size: The size in bytes.
        mode: The mode in the archive: "0755" for an executable file, "0644" for any other.
        source: Where the file is on this machine. Read it, do not change it.

    """

    path: str
    size: int
    mode: str
    source: Path

    def read_bytes(self) -> bytes:
        """Return the content of the file.

        Raises:
            OSError: The file cannot be read.

        """
        return self.source.read_bytes()

    def read_text(self) -> str:
        """Return the content of the file, decoded as UTF-8.

        Raises:
            OSError: The file cannot be read.
            UnicodeDecodeError: The content is not UTF-8.

        """
        return self.source.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Finding:
    """An error or a warning of a release check. Create one with `Finding.error` or `Finding.warning`.

    Attributes:
        problem: The message, with its hint and location.
        is_error: Whether the finding stops the build. A warning is shown and does not stop it.

    """

    problem: Problem
    is_error: bool

    @classmethod
    def error(cls, message: str, *, hint: str | None = None, location: Location | None = None) -> Finding:
        """Return a finding that stops the build.

        Args:
            message: What is wrong, in one line.
            hint: How to fix it.
            location: The file, line and column that the message is about.

        """
        return cls(Problem(message, hint, location, code="TBX701"), is_error=True)

    @classmethod
    def warning(cls, message: str, *, hint: str | None = None, location: Location | None = None) -> Finding:
        """Return a finding that is shown and does not stop the build.

        Args:
            message: What may be wrong, in one line.
            hint: How to fix it.
            location: The file, line and column that the message is about.

        """
        return cls(Problem(message, hint, location, code="TBX701"), is_error=False)
