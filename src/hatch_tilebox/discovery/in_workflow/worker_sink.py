"""A server in place of the Tilebox API: it takes a worker's logs and spans, and refuses all other calls with a clear message.

    python worker_sink.py [LISTENER]

LISTENER is the file descriptor of a socket that listens already, by default the server listens on a free port of loopback.
Runs where tilebox-workflows is installed. The worker's exporters speak OTLP, protobuf over HTTP, at `/v1/logs` and `/v1/traces`; a
`Client()` in a task uses gRPC or Connect at the same address. Events go to stdout as lines of JSON: first `{"url": …}`, then
`{"log": {…}}`, `{"span": {…}}` and `{"refused": "/service/method"}`. The first line on stdin is the token that callers have to
send; the second is the answer to `ListStorageLocations` in base64, empty if it is refused too. Each further line is answered by
`{"drained": true}` once all earlier events are written. The process ends with stdin.

Source of the messages: https://opentelemetry.io/docs/specs/otlp/
"""

from __future__ import annotations

import base64
import concurrent.futures
import gzip
import hmac
import importlib
import json
import os
import socket
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HTTP2_PREFACE = b"PRI"
"""The first bytes of an HTTP/2 connection, which gRPC uses. Source: RFC 9113, section 3.4"""
BLOCK = 64 * 1024
UNAUTHENTICATED = "this address belongs to a run of hatch-tilebox, and the token is not the one of that run"
REFUSAL = "`hatch-tilebox run` has no Tilebox service: {} needs the real one"


class Sink:
    """Decodes telemetry, and writes it as events."""

    def __init__(self, token: str, storage_locations: bytes) -> None:
        self.token = token
        self.storage_locations = storage_locations
        collector = "opentelemetry.proto.collector"
        self.logs = importlib.import_module(f"{collector}.logs.v1.logs_service_pb2").ExportLogsServiceRequest
        self.traces = importlib.import_module(f"{collector}.trace.v1.trace_service_pb2").ExportTraceServiceRequest
        self.events = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, event: dict[str, Any]) -> None:
        """Write one event."""
        line = json.dumps(event) + "\n"
        with self.lock:
            self.events.write(line)
            self.events.flush()

    def authorizes(self, authorization: str | None) -> bool:
        """Whether this header holds the token: other users of the machine can reach the port, too."""
        return hmac.compare_digest((authorization or "").encode(), f"Bearer {self.token}".encode())

    def receive(self, path: str, body: bytes) -> bool:
        """Write the telemetry that was posted to `path`. False if `path` is not for telemetry."""
        if path.endswith("/v1/logs"):
            for resource in self.logs.FromString(body).resource_logs:
                for scope in resource.scope_logs:
                    for record in scope.log_records:
                        self.write({"log": decode_log(record)})
        elif path.endswith("/v1/traces"):
            for resource in self.traces.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        self.write({"span": decode_span(span)})
        else:
            return False
        return True

    def respond(self, method: str) -> bytes | None:
        """Return the answer to `method`, or None. Workers list storage locations to read the events that trigger tasks."""
        return self.storage_locations or None if method.endswith("/ListStorageLocations") else None

    def refuse(self, method: str) -> str:
        """Write a call that only the real service can answer as an event. Returns the message for the caller."""
        self.write({"refused": method})
        return REFUSAL.format(method.strip("/"))


def decode_log(record: Any) -> dict[str, Any]:
    """A log record as JSON values; times are nanoseconds of the epoch."""
    return {
        "time": record.time_unix_nano or record.observed_time_unix_nano,
        "level": record.severity_text,
        "message": decode_value(record.body),
        "attributes": decode_attributes(record.attributes),
    }


def decode_span(span: Any) -> dict[str, Any]:
    """A span as JSON values. `error` is whether it failed, `stacktrace` that of the last exception that it recorded."""
    stacktraces = [
        str(attributes.get("exception.stacktrace", ""))
        for event in span.events
        if event.name == "exception" and (attributes := decode_attributes(event.attributes))
    ]
    return {
        "name": span.name,
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "start": span.start_time_unix_nano,
        "end": span.end_time_unix_nano,
        "error": span.status.code == span.status.STATUS_CODE_ERROR,
        "attributes": decode_attributes(span.attributes),
        "stacktrace": stacktraces[-1] if stacktraces else None,
    }


def decode_attributes(attributes: Any) -> dict[str, Any]:
    """Attributes by name."""
    return {item.key: decode_value(item.value) for item in attributes}


def decode_value(value: Any) -> Any:
    """An OTLP value as a JSON value."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    found = getattr(value, kind)
    if kind == "array_value":
        return [decode_value(item) for item in found.values]
    if kind == "kvlist_value":
        return decode_attributes(found.values)
    return found.hex() if kind == "bytes_value" else found


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1: takes telemetry, and refuses other calls with an error of the Connect protocol."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Handle one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.server.sink.authorizes(self.headers.get("Authorization")):
            self.refuse(401, "unauthenticated", UNAUTHENTICATED)
            return
        encoding = self.headers.get("Content-Encoding", "")
        if encoding in {"gzip", "deflate"}:
            body = gzip.decompress(body) if encoding == "gzip" else zlib.decompress(body)
        if self.server.sink.receive(self.path, body):
            self.answer(200, "application/x-protobuf", b"")
        elif (response := self.server.sink.respond(self.path)) is not None:
            self.answer(200, "application/proto", response)
        else:
            self.refuse(400, "failed_precondition", self.server.sink.refuse(self.path))

    def refuse(self, status: int, code: str, message: str) -> None:
        """Send an error of the Connect protocol."""
        self.answer(status, "application/json", json.dumps({"code": code, "message": message}).encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        """Send a response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        """Log nothing: stderr is for errors."""


class Server(ThreadingHTTPServer):
    """One address for both protocols: HTTP/1.1 is served here, HTTP/2 is forwarded to a gRPC server."""

    daemon_threads = True

    def __init__(self, sink: Sink, listener: socket.socket | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
            self.server_address = self.server_name, self.server_port = listener.getsockname()
        self.sink = sink
        self.grpc_server, self.grpc_port = serve_grpc(sink)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection with the protocol of its first bytes."""
        if request.recv(len(HTTP2_PREFACE), socket.MSG_PEEK) == HTTP2_PREFACE:
            with socket.create_connection(("127.0.0.1", self.grpc_port)) as other:
                threading.Thread(target=copy_bytes, args=(other, request), daemon=True).start()
                copy_bytes(request, other)
        else:
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore broken connections: the worker reports them."""


def copy_bytes(source: socket.socket, target: socket.socket) -> None:
    """Forward all bytes from `source` to `target`."""
    try:
        while data := source.recv(BLOCK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has closed the connection


def serve_grpc(sink: Sink) -> tuple[Any, int]:
    """A gRPC server that answers like `Sink.respond` and refuses other calls, and its port on loopback."""
    grpc = importlib.import_module("grpc")

    class Respond(grpc.GenericRpcHandler):  # type: ignore[misc, name-defined]
        def service(self, details: Any) -> Any:
            def respond(_: Any, context: Any) -> bytes:
                if not sink.authorizes(dict(context.invocation_metadata()).get("authorization")):
                    context.abort(grpc.StatusCode.UNAUTHENTICATED, UNAUTHENTICATED)
                response = sink.respond(details.method)
                if response is None:
                    context.abort(grpc.StatusCode.FAILED_PRECONDITION, sink.refuse(details.method))
                return response or b""

            return grpc.unary_unary_rpc_method_handler(respond)

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=[Respond()])
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Serve until stdin ends."""
    sys.path.pop(0)  # this folder, whose modules must not shadow others
    sink = Sink(sys.stdin.readline().strip(), base64.b64decode(sys.stdin.readline()))
    os.dup2(2, 1)  # output of a library is not an event
    server = Server(sink, socket.socket(fileno=int(sys.argv[1])) if len(sys.argv) > 1 else None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sink.write({"url": f"http://127.0.0.1:{server.server_port}"})
    for _ in sys.stdin:
        sink.write({"drained": True})
    os._exit(0)  # without waiting for gRPC's threads


if __name__ == "__main__":
    main()
