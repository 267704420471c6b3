"""Prints megabytes and binary while it is imported."""

import os
import sys

from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands))


for stream in (1, 2):
    for _ in range(64):
        os.write(stream, bytes(range(256)) * 256)
sys.stdout.close()

runner = Runner(tasks=[Count])
