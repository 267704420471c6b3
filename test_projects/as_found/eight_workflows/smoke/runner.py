"""A map of smoke."""

import json
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task

SCALE = json.loads(Path("lib/scale.json").read_text())


class MapSmoke(Task):
    """Report a value of smoke on the scale of the map."""

    value: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/smoke-map/MapSmoke", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Mapped", value=self.value * SCALE["factor"])


runner = Runner(tasks=[MapSmoke])
