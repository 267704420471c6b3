"""Tasks and runner, kept together in an application object."""

from tilebox.workflows import ExecutionContext, Runner, Task

from burn_severity.index import normalized_burn_ratio, severity


class RatePixel(Task):
    """Rate one pixel by its reflectances before and after a fire."""

    nir: tuple[float, float]
    swir: tuple[float, float]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/burn-severity/RatePixel", "v1.3"

    def execute(self, context: ExecutionContext) -> None:
        before, after = (normalized_burn_ratio(nir, swir) for nir, swir in zip(self.nir, self.swir, strict=True))
        context.logger.info("Rated", severity=severity(before, after))


class App:
    """Keeps what belongs to the process."""

    def __init__(self) -> None:
        self.runner = Runner(tasks=[RatePixel])


app = App()
