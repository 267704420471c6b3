"""Call a worker over its protocol, for a process without gRPC. Runs where tilebox-workflows is installed.

    python worker_client.py FOLDER ADDRESS

The first line on stdin is the token of the worker's callers. Requests follow as lines of JSON,
`{"method": …, "request": {…}, "seconds": …}`, where `request` is a message of `workflows.v1.WorkerService` in protobuf's JSON
form. Each answer is one line on stdout, `{"response": {…}}` or `{"error": {"code": …, "details": …}}`. The first line on stdout
describes the interpreter. An empty ADDRESS means that the worker announces it in FOLDER/endpoint.json. A request waits for a worker
that is still starting.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

POLL = 0.005
"""Seconds between two attempts to reach the worker. Constant: growing delays cost seconds."""


def main(folder: str, address: str) -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # output of a library is not an answer
    sys.path.pop(0)  # this folder, whose modules must not shadow others
    client = Client(Path(folder), address, sys.stdin.readline().strip())
    reply(answers, describe_interpreter())
    for line in sys.stdin:
        request = json.loads(line)
        reply(answers, client.call(request["method"], request["request"], request["seconds"]))
    os._exit(0)  # without waiting for gRPC's threads


def describe_interpreter() -> dict[str, Any]:
    """The version of Python, the interpreter that the virtual environment is based on, and the version of tilebox-workflows."""
    try:
        sdk = importlib.metadata.version("tilebox-workflows")
    except importlib.metadata.PackageNotFoundError:
        sdk = None
    interpreter = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    return {"python": ".".join(map(str, sys.version_info[:3])), "interpreter": interpreter, "sdk": sdk}


def reply(answers: TextIO, value: dict[str, Any]) -> None:
    """Send one answer."""
    answers.write(json.dumps(value) + "\n")
    answers.flush()


class Client:
    """A connection to the worker, opened by the first call."""

    def __init__(self, folder: Path, address: str, token: str) -> None:
        messages = "tilebox.workflows.workflows.v1.worker_pb2"
        self.service = importlib.import_module(messages).DESCRIPTOR.services_by_name["WorkerService"]
        self.stub_type = importlib.import_module(f"{messages}_grpc").WorkerServiceStub
        self.grpc = importlib.import_module("grpc")
        self.json_format = importlib.import_module("google.protobuf.json_format")
        self.folder = folder
        self.address = address
        self.metadata = [("authorization", f"Bearer {token}")]
        self.stub: Any = None

    def connect(self, deadline: float) -> bool:
        """Whether the connection could be opened before `deadline`."""
        address = self.address
        while not (address and Path(address.replace("unix://", "")).exists()):
            endpoint = self.folder / "endpoint.json"
            if not self.address and endpoint.exists():
                address = json.loads(endpoint.read_text(encoding="utf-8"))["address"]
                break
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL)
        options = [
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 100),
            ("grpc.max_receive_message_length", -1),
            ("grpc.enable_http_proxy", 0),
        ]
        self.stub = self.stub_type(self.grpc.insecure_channel(address.replace("unix://", "unix:"), options))
        return True

    def call(self, name: str, fields: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The worker's answer to the method `name`."""
        deadline = time.monotonic() + seconds
        if self.stub is None and not self.connect(deadline):
            return {"error": {"code": "UNAVAILABLE", "details": "the worker does not listen"}}
        message = self.message_type(self.service.methods_by_name[name].input_type)()
        request = self.json_format.ParseDict(fields, message, ignore_unknown_fields=True)  # an older SDK has fewer fields
        while True:
            try:
                left = max(deadline - time.monotonic(), POLL)
                response = getattr(self.stub, name)(request, timeout=left, metadata=self.metadata)
            except self.grpc.RpcError as error:
                if error.code() is self.grpc.StatusCode.UNAVAILABLE and time.monotonic() < deadline:
                    time.sleep(POLL)  # it listens, but the runner's module is still being imported
                    continue
                return {"error": {"code": error.code().name, "details": error.details()}}
            return {"response": self.json_format.MessageToDict(response)}

    def message_type(self, descriptor: Any) -> Any:
        """The class of the message that `descriptor` describes."""
        factory = importlib.import_module("google.protobuf.message_factory")
        if hasattr(factory, "GetMessageClass"):
            return factory.GetMessageClass(descriptor)
        return factory.MessageFactory().GetPrototype(descriptor)  # before protobuf 4.22


if __name__ == "__main__":
    main(*sys.argv[1:])
