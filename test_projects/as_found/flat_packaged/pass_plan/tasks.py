"""The tasks of the workflow."""

from tilebox.workflows import ExecutionContext, Task


class PlanPass(Task):
    """Plan a pass over a ground station."""

    station: str
    minutes: int = 10

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/pass-plan/PlanPass", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Planned", station=self.station, minutes=self.minutes)
