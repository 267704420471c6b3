"""Watches fields: a report every night, and a look at each scene that arrives in the archive."""

from tilebox.workflows import ExecutionContext, Runner, Task
from tilebox.workflows.automations import CronTask, StorageEventTask


class NightlyReport(CronTask):
    """Report how the fields did in the days before the trigger."""

    field: str
    days: int = 7

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/harvest-watch/NightlyReport", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"{self.field}: {self.days} days before {self.trigger.time:%Y-%m-%d %H:%M}")
        context.submit_subtask(CompareIndex(self.field))


class LookAtScene(StorageEventTask):
    """Look at a scene when its file is there."""

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/harvest-watch/LookAtScene", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"{self.trigger.location} arrived")
        content = self.trigger.storage.read(self.trigger.location)
        context.logger.info(f"{len(content)} bytes in {self.trigger.storage}")


class CompareIndex(Task):
    """Compare the vegetation index of a field with the year before."""

    field: str

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/harvest-watch/CompareIndex", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"compared {self.field}")


class Sealed(Task):
    """Reads its input by itself."""

    seal: str

    @classmethod
    def _deserialize(cls, task_input: bytes, context: object = None) -> "Sealed":
        return cls(seal=task_input.decode())

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/harvest-watch/Sealed", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"seal {self.seal}")


runner = Runner(tasks=[NightlyReport, LookAtScene, CompareIndex, Sealed])
