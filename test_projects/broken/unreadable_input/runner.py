"""Takes an input that the SDK writes as a text, and cannot tell what it was."""

from __future__ import annotations

from datetime import datetime

from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]
    since: datetime | str

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands), since=str(self.since))


runner = Runner(tasks=[Count])
