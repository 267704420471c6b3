from __future__ import annotations

from tilebox.workflows import ExecutionContext, Runner, Task


class Report(Task):
    title: str

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "monorepo/Report", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(self.title)


runner = Runner(tasks=[Report])
