"""An older SDK, with a newer OpenTelemetry than it works with."""

from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands))


runner = Runner(tasks=[Count])
