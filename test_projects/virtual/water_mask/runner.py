"""Tasks and runner."""

import json
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task

THRESHOLDS = json.loads(Path(__file__).with_name("data").joinpath("thresholds.json").read_text())


class MaskPixels(Task):
    """Mark the pixels that are water."""

    sensor: str
    green: list[float]
    nir: list[float]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/water-mask/MaskPixels", "v0.2"

    def execute(self, context: ExecutionContext) -> None:
        threshold = THRESHOLDS[self.sensor]
        mask = [(g - n) / (g + n) > threshold for g, n in zip(self.green, self.nir, strict=True) if g + n]
        context.logger.info("Masked", water=sum(mask), pixels=len(mask))


runner = Runner(tasks=[MaskPixels])
