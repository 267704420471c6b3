"""Steps of publishing and fetching: shown as progress, and recorded with their results."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.core.errors import TileboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import PublishedRelease

DIGITS = 12
"""Hex digits of a digest in messages."""


@dataclass(frozen=True)
class StepResult:
    """The result of a step. `detail` is its summary, the reason why it was skipped, or the first error."""

    step: str
    result: Literal["done", "skipped", "refused"]
    detail: str


class StepLog:
    """Records the steps of a publication in order."""

    def __init__(self) -> None:
        self.results: list[StepResult] = []

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Record a step. The block appends its summary to the list; a TileboxError makes the step refused."""
        done = [""]
        try:
            yield done
        except TileboxError as error:
            self.results.append(StepResult(name, "refused", error.problems[0].message))
            raise
        self.results.append(StepResult(name, "done", done[-1]))

    def skip(self, name: str, why: str) -> None:
        """Record a step that is not needed."""
        self.results.append(StepResult(name, "skipped", why))

    def to_list(self) -> list[dict[str, str]]:
        """Return the results as JSON values."""
        return [{"step": each.step, "result": each.result, "detail": each.detail} for each in self.results]


@contextmanager
def show_step(progress: Progress, name: str) -> Iterator[list[str]]:
    """Show a step. The block appends its summary to the list."""
    progress.started(name)
    done = [""]
    yield done
    progress.finished(done[-1])


def describe_release(release: PublishedRelease) -> str:
    """Return version and id of a release for messages."""
    return f"{release.version} ({release.id})" if release.version else release.id
