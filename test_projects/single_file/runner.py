"""Water level at a gauge, as a workflow of one task."""

from tilebox.workflows import ExecutionContext, Runner, Task


class ReadGauge(Task):
    """Turn a radar range into a water level."""

    range_m: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tide-gauge/ReadGauge", "v0.1"

    def execute(self, context: ExecutionContext) -> None:
        antenna_height_m = 12.5
        context.logger.info("Water level", metres=antenna_height_m - self.range_m)


runner = Runner(tasks=[ReadGauge])
