"""The angle of the sun."""

from tilebox.workflows import ExecutionContext, Runner, Task


class SunAngle(Task):
    """Report the elevation of the sun."""

    zenith: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/sun-angle/SunAngle", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Sun", elevation=90 - self.zenith)


runner = Runner(tasks=[SunAngle])
