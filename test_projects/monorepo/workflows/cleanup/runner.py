from __future__ import annotations

from grids import tile
from tilebox.workflows import ExecutionContext, Runner, Task


class Clean(Task):
    longitude: float
    latitude: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "monorepo/Clean", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"cleaned: {tile(self.longitude, self.latitude)}")


runner = Runner(tasks=[Clean])
