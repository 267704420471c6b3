"""Reads a data file that the configuration leaves out."""

import json
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands))


BANDS = json.loads(Path(__file__).with_name("bands.json").read_text())
runner = Runner(tasks=[Count])
