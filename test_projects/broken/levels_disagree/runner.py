"""Registers a second task where a worker is served."""

import os

from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands))


class Served(Count):
    """Known to a worker only."""

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Served", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Served")


runner = Runner(tasks=[Count, Served] if "TILEBOX_WORKER_ADDRESS" in os.environ else [Count])
