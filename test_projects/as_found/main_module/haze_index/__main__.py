"""The runner, in the module that `python -m haze_index` runs."""

from tilebox.workflows import ExecutionContext, Runner, Task


class HazeIndex(Task):
    """Report the haze index of a pixel."""

    blue: float
    red: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/haze-index/HazeIndex", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Haze", index=self.blue - 0.5 * self.red)


runner = Runner(tasks=[HazeIndex])

if __name__ == "__main__":
    print(HazeIndex(0.2, 0.1))
