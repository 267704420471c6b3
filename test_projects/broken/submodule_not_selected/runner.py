"""Imports a submodule, by name from its package, that the configuration leaves out."""

from tilebox.workflows import ExecutionContext, Runner, Task

from bands import names


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(names.NAMES))


runner = Runner(tasks=[Count])
