"""The tasks of the workflow."""

from datetime import date, timedelta
from uuid import UUID

from tilebox.workflows import ExecutionContext, Task

from scene_qa.scenes import Footprint, Level, Scene, valid_share


class CheckCollection(Task):
    """Check every scene of a collection, then summarize.

    One subtask a scene; the summary waits for all of them.
    """

    scenes: list[Scene]
    max_cloud_cover: float = 0.3
    reviewers: tuple[str, ...] = ()
    not_before: date | None = None

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/scene-qa/CheckCollection", "v1.1"

    def execute(self, context: ExecutionContext) -> None:
        wanted = [scene for scene in self.scenes if self.not_before is None or scene.acquired.date() >= self.not_before]
        checks = context.submit_subtasks([CheckScene(scene, self.max_cloud_cover) for scene in wanted])
        context.submit_subtask(Summarize(len(checks), {"reviewers": len(self.reviewers)}), depends_on=checks)


class CheckScene(Task):
    """Check one scene."""

    scene: Scene
    max_cloud_cover: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/scene-qa/CheckScene", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.current_task.display = f"CheckScene({self.scene.scene_id})"
        context.submit_subtask(CheckFootprint(self.scene.footprint))
        if self.scene.level is Level.L2A:
            context.logger.info("Surface reflectance is at hand", scene_id=self.scene.scene_id)


class CheckFootprint(Task):
    """Refuse a footprint without an area."""

    footprint: Footprint

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/scene-qa/CheckFootprint", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        if self.footprint.area == 0:
            msg = f"empty footprint: {self.footprint}"
            raise ValueError(msg)
        context.logger.info("Footprint is fine", area=self.footprint.area)


class Classify(Task):
    """Decide from a pixel histogram whether a scene is usable."""

    histogram: dict[str, int]
    order_id: UUID | None = None
    keep_for: timedelta = timedelta(days=30)

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/scene-qa/Classify", "v2.0"

    def execute(self, context: ExecutionContext) -> None:
        share = valid_share(self.histogram)
        context.logger.info("Classified", usable=share > 0.5, valid_share=share, keep_for_days=self.keep_for.days)


class Summarize(Task):
    """Write the summary of a collection to the log."""

    checked: int
    notes: dict[str, int]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/scene-qa/Summarize", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Collection checked", scenes=self.checked, **self.notes)


class Ping(Task):
    """Tell that a runner is alive."""

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/scene-qa/Ping", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Alive")
