"""Share of cloudy pixels in a scene."""

from tilebox.workflows import ExecutionContext, Runner, Task


class CloudShare(Task):
    """Report which share of the pixels is cloudy."""

    clouds: int
    pixels: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/cloud-share/CloudShare", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Clouds", share=self.clouds / self.pixels)


runner = Runner(tasks=[CloudShare])


def main() -> None:
    print(CloudShare(3, 10))


if __name__ == "__main__":
    main()
