"""The tasks of the workflow."""

from tilebox.workflows import ExecutionContext, Task


class CountTiles(Task):
    """Count the tiles of a zoom level."""

    zoom: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tile-counter/CountTiles", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", tiles=4**self.zoom)
