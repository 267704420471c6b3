"""Writes into its own folder while it is imported, over a module of its own as well."""

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


FOLDER = Path(__file__).parent
FOLDER.joinpath("cache").mkdir(exist_ok=True)
FOLDER.joinpath("cache", "index.json").write_text("{}")
FOLDER.joinpath("bands.py").write_text("NAMES = []\n")

runner = Runner(tasks=[Count])
