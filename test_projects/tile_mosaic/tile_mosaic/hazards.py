"""What works on a cluster only, or nowhere."""

import os
import time
from pathlib import Path
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from tilebox.workflows import Client, ExecutionContext, Task


class AskService(Task):
    """Look up another job."""

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Asking")
        Client().jobs().find(UUID(int=7))


class AskServiceOverHttp(Task):
    """Look up another job without gRPC."""

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Asking")
        Client(transport="http1").jobs().find(UUID(int=7))


class UseCache(Task):
    """Keep something for another task."""

    def execute(self, context: ExecutionContext) -> None:
        context.job_cache["mosaic"] = b"pixels"


class EndProcess(Task):
    """Take the worker down with a signal."""

    number: int

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Ending")
        print("Ending now")
        os.kill(os.getpid(), self.number)
        time.sleep(10)  # another thread may take the signal


class LeaveFile(Task):
    """Leave a file in the working directory."""

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Writing")
        Path("mosaic.tif").write_bytes(b"pixels")


class Unregistered(Task):
    """Belongs to another release."""

    def execute(self, context: ExecutionContext) -> None:
        pass


class SubmitElsewhere(Task):
    """Submit a task that this release does not have."""

    def execute(self, context: ExecutionContext) -> None:
        context.submit_subtask(Unregistered())


class SubmitMany(Task):
    """Submit `count` chatters, each with `size` characters of input."""

    count: int
    size: int

    def execute(self, context: ExecutionContext) -> None:
        context.submit_subtasks([Chatter("x" * self.size) for _ in range(self.count)])


class ReadTime(Task):
    """Take a protobuf message."""

    time: Timestamp

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Time", seconds=self.time.seconds)


class Chatter(Task):
    """Use the log in every way."""

    text: str = "hello"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.debug("Details", length=len(self.text))
        context.logger.warning("Careful")
        try:
            int(self.text)
        except ValueError:
            context.logger.exception("No number", text=self.text[:20])
