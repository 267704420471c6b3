"""Pixel coordinates, with a dependency that uv builds from source."""

from affine import Affine
from tilebox.workflows import ExecutionContext, Runner, Task


class LocatePixel(Task):
    """Report the place of a pixel."""

    column: int
    row: int
    size: float = 10.0

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/pixel-grid/LocatePixel", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        x, y = Affine.scale(self.size) * (self.column, self.row)
        context.logger.info("Located", x=x, y=y)


runner = Runner(tasks=[LocatePixel])
