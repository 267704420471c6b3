"""Serves, and stays when it is asked to end."""

import subprocess
import sys
import time

from tilebox.workflows import ExecutionContext, Runner, Task
from tilebox.workflows.runner.worker_server import serve_runner


class Count(Task):
    """Count the bands of a scene."""

    bands: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/broken/Count", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", bands=len(self.bands))


if __name__ == "__main__":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(601)"])
    serve_runner(Runner(tasks=[Count]))
    time.sleep(600)
