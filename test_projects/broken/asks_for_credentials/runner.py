"""Creates a client while it is imported, which needs credentials."""

import os

import google.auth
from tilebox.workflows import ExecutionContext, Runner, Task

os.environ["NO_GCE_CHECK"] = "true"  # so that no server is asked for credentials
CREDENTIALS, PROJECT = google.auth.default()


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands))


runner = Runner(tasks=[Count])
