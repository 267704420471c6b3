"""Imports a package that lies elsewhere in the workspace that it is taken from."""

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
