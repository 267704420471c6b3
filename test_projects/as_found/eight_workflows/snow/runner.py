"""A map of snow."""

import json
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task

SCALE = json.loads(Path("lib/scale.json").read_text())


class MapSnow(Task):
    """Report a value of snow on the scale of the map."""

    value: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/snow-map/MapSnow", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Mapped", value=self.value * SCALE["factor"])


runner = Runner(tasks=[MapSnow])
