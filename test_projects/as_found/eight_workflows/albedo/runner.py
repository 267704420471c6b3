"""A map of albedo."""

import json
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task

SCALE = json.loads(Path("lib/scale.json").read_text())


class MapAlbedo(Task):
    """Report a value of albedo on the scale of the map."""

    value: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/albedo-map/MapAlbedo", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Mapped", value=self.value * SCALE["factor"])


runner = Runner(tasks=[MapAlbedo])
