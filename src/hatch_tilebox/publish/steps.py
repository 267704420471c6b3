"""Steps of publishing and fetching, as progress shows them."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import PublishedRelease

DIGITS = 12
"""Hex digits of a digest in messages."""


@contextmanager
def show_step(progress: Progress, name: str) -> Iterator[list[str]]:
    """Show a step. The block appends its summary to the list."""
    progress.started(name)
    began, done = perf_counter(), [""]
    yield done
    progress.finished(done[-1], seconds=perf_counter() - began)


def describe_release(release: PublishedRelease) -> str:
    """Return version and id of a release for messages."""
    return f"{release.version} ({release.id})" if release.version else release.id
