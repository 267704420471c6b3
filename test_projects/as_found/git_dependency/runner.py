"""Soil moisture from tables in a package that only a Git repository has."""

from moisture_tables import TABLE
from tilebox.workflows import ExecutionContext, Runner, Task


class Moisture(Task):
    """Report the moisture of soil with this permittivity."""

    permittivity: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/soil-moisture/Moisture", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Moisture", share=TABLE[self.permittivity])


runner = Runner(tasks=[Moisture])
