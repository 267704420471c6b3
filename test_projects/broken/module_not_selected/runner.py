"""Imports a module that the configuration leaves out."""

from tilebox.workflows import ExecutionContext, Runner, Task

from bands.names import NAMES


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(NAMES))


runner = Runner(tasks=[Count])
