"""A runner that keeps one of its tasks from the worker."""

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
    """Never listed."""

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Served", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Served")


class Shy(Runner):
    """Lists the first of its tasks only."""

    @property
    def task_identifiers(self) -> list:
        return super().task_identifiers[:1]


runner = Shy(tasks=[Count, Served])
