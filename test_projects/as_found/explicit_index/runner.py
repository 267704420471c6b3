"""The extent of a scene, with a dependency from an index of its own."""

from affine import Affine
from tilebox.workflows import ExecutionContext, Runner, Task


class MeasureScene(Task):
    """Report the extent of a scene."""

    columns: int
    rows: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/name-scene/MeasureScene", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        width, height = Affine.scale(10.0) * (self.columns, self.rows)
        context.logger.info("Measured", width=width, height=height)


runner = Runner(tasks=[MeasureScene])
