"""Names of bands, from a table beside this module."""

import csv
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task

with Path(__file__).with_name("bands.csv").open(newline="") as file:
    NAMES = {row["band"]: row["name"] for row in csv.DictReader(file)}


class NameBand(Task):
    """Report the name of a band."""

    band: str

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/band-names/NameBand", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Named", name=NAMES[self.band])


runner = Runner(tasks=[NameBand])
