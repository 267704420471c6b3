"""A job of several layers: retries, dependencies, an optional part, spans and progress."""

from tilebox.workflows import ExecutionContext, Task

failures: dict[str, int] = {}


class BuildMosaic(Task):
    """Fetch all tiles, merge them, publish the result; a thumbnail is nice to have."""

    tiles: list[str]
    flaky: int = 0

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tile-mosaic/BuildMosaic", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        fetched = [context.submit_subtask(FetchTile(tile, self.flaky), max_retries=2) for tile in self.tiles]
        merged = context.submit_subtask(MergeTiles(len(fetched)), depends_on=fetched)
        thumbnail = context.submit_subtask(DrawThumbnail(0), depends_on=[merged], optional=True)
        context.submit_subtask(PublishMosaic(), depends_on=[merged, thumbnail])


class FetchTile(Task):
    """Fetch a tile; as often as `flaky` says, it fails before it works."""

    tile: str
    flaky: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tile-mosaic/FetchTile", "v1.2"

    def execute(self, context: ExecutionContext) -> None:
        context.current_task.display = f"FetchTile({self.tile})"
        progress = context.progress("bands")
        progress.add(2)
        with context.tracer.span("download"):
            failures[self.tile] = failures.get(self.tile, 0) + 1
            if failures[self.tile] <= self.flaky:
                msg = f"no answer for {self.tile}"
                raise TimeoutError(msg)
        progress.done(2)


class MergeTiles(Task):
    """Merge what was fetched."""

    count: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tile-mosaic/MergeTiles", "v1.0"

    async def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Merged", tiles=self.count)


class DrawThumbnail(Task):
    """Draw a small picture, which fails for a width of 0."""

    width: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tile-mosaic/DrawThumbnail", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Drawn", pixels=1000 // self.width)


class PublishMosaic(Task):
    """Tell where the mosaic is."""

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tile-mosaic/PublishMosaic", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        print("mosaic.tif is ready")
        context.logger.info("Published")
