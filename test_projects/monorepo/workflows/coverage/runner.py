from __future__ import annotations

from scenes import tiles
from tilebox.workflows import ExecutionContext, Runner, Task


class Cover(Task):
    west: float
    south: float
    east: float
    north: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "monorepo/Cover", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"covered: {', '.join(tiles(self.west, self.south, self.east, self.north))}")


runner = Runner(tasks=[Cover])
