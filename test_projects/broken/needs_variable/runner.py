"""Needs a variable of its environment while it is imported."""

from tilebox.workflows import ExecutionContext, Runner, Task

from settings import load


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands))


TOKEN = load()
runner = Runner(tasks=[Count])
