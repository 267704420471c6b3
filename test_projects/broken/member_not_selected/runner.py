"""Imports a member of its own workspace, which the configuration leaves out."""

import bands
from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    """Count the bands that we know."""

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(bands.NAMES))


runner = Runner(tasks=[Count])
