"""Tasks and runner."""

from tilebox.workflows import ExecutionContext, Runner, Task

from orbit_count.orbits import count


class CountOrbits(Task):
    """Count the orbits in a period."""

    seconds: float
    minutes_per_orbit: float = 98.6

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/orbit-count/CountOrbits", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", orbits=count(self.seconds, self.minutes_per_orbit))


runner = Runner(tasks=[CountOrbits])
